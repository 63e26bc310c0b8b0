// Calls operations of a WSDL with npm's soap, one after the other. What to call stands in the file named on the
// command line; what came back is printed as JSON.
const fs = require("fs");
const soap = require("soap");

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

async function main() {
  const client = await soap.createClientAsync(config.wsdl, { forceSoap12Headers: config.soap12 });
  if (config.digest) {
    client.setSecurity(new soap.WSSecurity(config.username, config.password, { passwordType: "PasswordDigest" }));
  } else if (config.token) {
    client.setSecurity(new soap.WSSecurity(config.username, config.password));
  } else {
    client.setSecurity(new soap.BasicAuthSecurity(config.username, config.password));
  }
  const results = [];
  for (const [operation, parameters] of config.calls) {
    try {
      const [answer] = await client[`${operation}Async`](parameters);
      results.push({ answer });
    } catch (error) {
      const status = error.response && error.response.status;
      results.push({ status, fault: error.root && error.root.Envelope.Body.Fault, message: error.message });
    }
  }
  console.log(JSON.stringify({ description: client.describe(), results }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
