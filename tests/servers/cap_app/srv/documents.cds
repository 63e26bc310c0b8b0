// As much of the APIs of documents as the preset reads and writes, with the names, types and lengths that SAP publishes.
@path: '/v4/API_SALES_ORDER_SRV'
service API_SALES_ORDER_SRV {
  // Two to a page, so that three take a second one.
  @cds.query.limit: {default: 2, max: 2}
  entity A_SalesOrder {
    key SalesOrder              : String(10);
        OverallSDProcessStatus  : String(1);
        PurchaseOrderByCustomer : String(35);
        RequestedDeliveryDate   : Date;
        SalesOrderDate          : Date;
        SoldToParty             : String(10);
        TotalNetAmount          : Decimal(16, 3);
        TransactionCurrency     : String(5);
  }
}

@path: '/v4/API_ACTIVITY_PHONECALL_SRV'
service API_ACTIVITY_PHONECALL_SRV {
  entity A_PhoneCallActivity {
    key PhoneCallActivity              : String(10);
        PhoneCallActivityType          : String(4);
        PhoneCallActivityDescription   : String(40);
        CustMgmtActivityDirection      : String(1);
        Account                        : String(10);
        CustMgmtActivityStartDateTime  : Timestamp;
        CustMgmtActivityEndDateTime    : Timestamp;
        ResponsibleSalesOrganization   : String(14);
        ServiceOrganization            : String(14);
        to_Text                        : Composition of many A_PhoneCallActivityText
                                           on to_Text.PhoneCallActivity = PhoneCallActivity;
  }

  entity A_PhoneCallActivityText {
    key PhoneCallActivity : String(10);
    key TextObjectType    : String(4);
    key Language          : String(2);
        PlainLongText     : LargeString;
  }
}

@path: '/v4/API_SERVICE_REQUEST_SRV'
service API_SERVICE_REQUEST_SRV {
  entity A_ServiceRequest {
    key ServiceRequest                : String(10);
        ServiceRequestType            : String(4);
        ServiceRequestDescription     : String(40);
        ServiceDocumentPriority       : String(1);
        RequestedServiceStartDateTime : Timestamp;
        PurchaseOrderByCustomer       : String(35);
        ServiceRequestIsCanceled      : String(1) default '';
        ServiceRequestIsCompleted     : String(1) default '';
        SalesOrganization             : String(4);
        DistributionChannel           : String(2);
        Division                      : String(2);
        ServiceOrganization           : String(14);
        SoldToParty                   : String(10);
        // Not SAP's, but what makes CAP give an ETag.
        @odata.etag
        ChangedAt                     : Timestamp @cds.on.insert: $now @cds.on.update: $now;
        to_Text                       : Composition of many A_ServiceRequestText
                                          on to_Text.ServiceRequest = ServiceRequest;
  }

  entity A_ServiceRequestText {
    key ServiceRequest : String(10);
    key Language       : String(2);
    key LongTextID     : String(4);
        LongText       : LargeString;
  }
}
