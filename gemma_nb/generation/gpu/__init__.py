"""Matrix-vector products for GPUs, in which one row is multiplied with a kernel."""
