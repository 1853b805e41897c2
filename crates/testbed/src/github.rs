//! GitHub on a loopback port.
