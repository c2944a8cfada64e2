"""Whether this installation is well: for the load balancer, for the watchdog and for the operator."""
