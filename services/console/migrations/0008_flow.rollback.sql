DROP TABLE flow_heat, flow_open, flow_waits, flow_events, flow_mark;
