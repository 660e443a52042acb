DROP TABLE console_message, delivery, correspondence;
