//go:build race

package world

// stride is how many effects lie between two deaths. The race detector, which has nothing to find in a world's one thread,
// makes each run six times as long; the stage "crash" of make test runs them all without it.
const stride = 9
