"""`fengge hotline`: a city's file tried out on its work orders, and a hotline that plays a day."""
