DROP TABLE note, service_request, service;
