//go:build !race

package world

// stride is how many effects lie between two deaths: none is spared.
const stride = 1
