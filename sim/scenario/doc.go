// Package scenario turns a story written in TOML into a run of a simulated world and a verdict: without it every failure of
// the field would have to be retold in Go. It decodes strictly (every mistake is file:line:col and a sentence), places the
// steps on the world's kernel, judges the expectations, and keeps a trace that a person can review.
//
// The format is one registry (format.go and the keys_*.go beside it): it reads files, suggests the nearest known name, and
// writes docs/scenario.md.
package scenario
