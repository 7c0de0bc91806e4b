// Package tui is where an operator sees and steers a fleet: without it, who can open which door could only be asked one
// command at a time. It knows a host (engine.Host) and, for a simulation, its controls (lab.Lab), and nothing of what is
// beneath them.
//
// One root model holds a stack of screens. Update does no IO and never waits; everything that touches the host is a command
// in cmds.go. View is pure. What changed is told by a doorbell; the screens on show then ask for the pages they need, one
// load at a time.
package tui
