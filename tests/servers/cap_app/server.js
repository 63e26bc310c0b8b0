// On loopback only: CAP listens on every address by itself.
const http = require("node:http")
const cds = require("@sap/cds")

cds.on("bootstrap", (app) => {
  app.listen = (port, ...rest) => http.createServer(app).listen(port, "127.0.0.1", ...rest)
})

module.exports = cds.server
