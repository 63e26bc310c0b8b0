// Hosts WSDLs with npm's soap. What each operation answers stands in the file that is named on the command line.
const fs = require("fs");
const http = require("http");
const soap = require("soap");

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const asked = [];

const server = http.createServer((request, response) => {
  if (request.url === "/asked") {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(asked));
    return;
  }
  response.statusCode = 404;
  response.end();
});

function answering(operation) {
  return (parameters, callback, header) => {
    asked.push({ operation, parameters, header });
    const replies = config.replies[operation];
    if (replies === undefined) {
      throw { Fault: { faultcode: "soap:Server", faultstring: `no reply for ${operation}` } };
    }
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (reply.Fault !== undefined) {
      throw reply;
    }
    return reply;
  };
}

// One handler for each operation, whatever service and port the contract puts it under.
const port = new Proxy({}, { get: (_, operation) => answering(operation) });
const service = new Proxy({}, { get: () => port });

server.listen(0, "127.0.0.1", () => {
  const listener = soap.listen(server, {
    path: config.path,
    services: new Proxy({}, { get: () => service }),
    xml: fs.readFileSync(config.wsdl, "utf8"),
    uri: config.wsdl,
    suppressStack: true,
    callback: (error) => {
      if (error) {
        console.error(error);
        process.exit(1);
      }
      console.log(`listening on ${server.address().port}`);
    },
  });
  if (config.username) {
    listener.authenticate = (security) => {
      const token = security && security.UsernameToken;
      const password = token && token.Password && (token.Password.$value || token.Password);
      return Boolean(token) && token.Username === config.username && password === config.password;
    };
  }
});
