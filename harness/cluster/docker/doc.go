// Package docker makes a cluster of containers: the real broker binary, each
// in a sandbox whose network and process namespaces belong to a fault agent
// (package agent) and not to the broker. So a broker can be killed, paused and
// started again while its address, its ports and the faults around it stay,
// and faults act on any image.
//
// It promises that nothing carrying a run's label is left behind: Stop removes
// it, and if the harness dies without it, also by SIGKILL, the run's janitor
// does. The janitor is a container whose stdin this process holds; the engine
// closes that when the process is gone, however it went. What an engine that
// died itself, or whose disk is full, left behind the janitor removes as soon as
// it can, and otherwise the next Start.
//
// It assumes a Docker engine on this machine, or in a virtual machine that
// forwards ports to it, and needs no registry: images are made from static
// binaries.
//
// A broker that ends although nobody ordered it is never hidden: see
// Cluster.Unexpected.
package docker
