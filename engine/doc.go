// Package engine decides which credential every lock should hold now, what to call next, and when to think again: without
// it a code would be asked for once, and hoped for. It has no clock, no goroutine and no network. Step commits what it
// decided, then names the driver calls that its host is to make. engine/live hosts it on the real clock, sim/world in
// virtual time; neither it nor its callers can tell which.
package engine
