// Package quietterm keeps a command that only prints from asking the terminal questions: without it, linking Bubble Tea v1
// makes every start of the program query the background colour, wait up to five seconds on a terminal that does not
// answer, and eat what is typed meanwhile. Every binary that links Bubble Tea imports it.
//
// It works by order: packages that are ready are initialised in the order of their import paths, this one sorts before
// github.com/charmbracelet/bubbletea, and it imports nothing that would delay it.
package quietterm

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
