// S/4HANA numbers its documents itself, and wants a type.
const cds = require("@sap/cds")

const numbered = (entity, key, type, first) =>
  class extends cds.ApplicationService {
    init() {
      let last = first
      this.before("CREATE", entity, (req) => {
        if (!req.data[type]) req.reject(400, "Enter a transaction type")
        req.data[key] = String(++last)
        for (const text of req.data.to_Text ?? []) text[key] = req.data[key]
      })
      return super.init()
    }
  }

module.exports = {
  API_ACTIVITY_PHONECALL_SRV: numbered("A_PhoneCallActivity", "PhoneCallActivity", "PhoneCallActivityType", 5000000000),
  API_SERVICE_REQUEST_SRV: numbered("A_ServiceRequest", "ServiceRequest", "ServiceRequestType", 8000000100),
}
