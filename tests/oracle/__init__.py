"""What views must hold, computed from the accepted rows alone, and a runner that compares."""
