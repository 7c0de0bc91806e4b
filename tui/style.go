package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Theme picks the palette.
type Theme string

// The themes. Auto asks the terminal for its background when the program starts.
const (
	ThemeAuto  Theme = "auto"
	ThemeDark  Theme = "dark"
	ThemeLight Theme = "light"
)

// tone is the role that a piece of text plays. Colour never carries a meaning alone: a glyph and a word stand with it.
type tone uint8

const (
	plain tone = iota
	strong
	dim
	rule // borders and guides
	accent
	good
	warn
	bad
	busy
	brand
	chipTitle
	chipSim
	chipLive
	chipKey
	chipGood
	chipBad
	caret
	tones
)

// hue is one colour: on true colour, 256-colour and 16-colour terminals, for dark and for light backgrounds.
type hue struct{ dark, light lipgloss.CompleteColor }

func (h hue) colour() lipgloss.TerminalColor {
	return lipgloss.CompleteAdaptiveColor{Dark: h.dark, Light: h.light}
}

func newHue(dark, dark256, dark16, light, light256, light16 string) hue {
	return hue{
		lipgloss.CompleteColor{TrueColor: dark, ANSI256: dark256, ANSI: dark16},
		lipgloss.CompleteColor{TrueColor: light, ANSI256: light256, ANSI: light16},
	}
}

// style turns tones into escape sequences, once; drawing then only joins strings.
type style struct {
	glyphs
	ascii      bool
	open, shut [2][tones]string // [0] plain rows, [1] the selected row
}

// newStyle compiles the palette for a renderer's terminal. A renderer without colours gives text without escapes.
func newStyle(r *lipgloss.Renderer, ascii bool) *style {
	var (
		green  = newHue("#a6e3a1", "114", "10", "#2f7d1f", "28", "2")
		yellow = newHue("#f0c674", "222", "11", "#9a6700", "136", "3")
		red    = newHue("#f7768e", "204", "9", "#c2183f", "161", "1")
		blue   = newHue("#7aa2f7", "111", "12", "#1f5fd0", "26", "4")
		cyan   = newHue("#7dcfd0", "80", "14", "#0f7a84", "30", "6")
		violet = newHue("#bb9af7", "141", "13", "#7a3fd1", "98", "5")
		grey   = newHue("#868fae", "103", "7", "#62677a", "242", "8")
		faint  = newHue("#3f455f", "238", "8", "#c3c8d6", "252", "7")
		ink    = newHue("#12141d", "233", "0", "#ffffff", "231", "15")
		bar    = newHue("#2a3047", "237", "4", "#dce4f7", "254", "7")
		keycap = newHue("#2f354c", "237", "8", "#e3e7f1", "254", "7")
	)
	base := r.NewStyle()
	chip := func(h hue) lipgloss.Style {
		return base.Bold(true).Foreground(ink.colour()).Background(h.colour())
	}
	looks := [tones]lipgloss.Style{
		plain:     base,
		strong:    base.Bold(true),
		dim:       base.Foreground(grey.colour()),
		rule:      base.Foreground(faint.colour()),
		accent:    base.Foreground(blue.colour()),
		good:      base.Foreground(green.colour()),
		warn:      base.Foreground(yellow.colour()),
		bad:       base.Foreground(red.colour()).Bold(true),
		busy:      base.Foreground(cyan.colour()),
		brand:     base.Foreground(violet.colour()).Bold(true),
		chipTitle: chip(blue),
		chipSim:   chip(violet),
		chipLive:  chip(red),
		chipKey:   base.Foreground(blue.colour()).Background(keycap.colour()).Bold(true),
		chipGood:  chip(green),
		chipBad:   chip(red),
		caret:     base.Reverse(true),
	}
	s := &style{glyphs: unicodeGlyphs, ascii: ascii}
	if ascii {
		s.glyphs = asciiGlyphs
	}
	for t, look := range looks {
		s.open[0][t], s.shut[0][t], _ = strings.Cut(look.Render("x"), "x")
		s.open[1][t], s.shut[1][t], _ = strings.Cut(look.Background(bar.colour()).Render("x"), "x")
	}
	return s
}

// glyphs are the signs and border pieces; each has a plain ASCII twin.
type glyphs struct {
	ok, half, later, hollow, unknown, warn, bad, exposed, gone string
	mark, arrow, up, down, check, cross, here, more            string
	block, shade, missed, low                                  string
	full, empty, dash, dot, dots, bullet, pause, play, times   string
	corners                                                    [4]string // top left, top right, bottom left, bottom right
	across, along, heavy, teeRight, teeLeft                    string
}

var (
	unicodeGlyphs = glyphs{
		ok: "●", half: "◐", later: "◔", hollow: "○", unknown: "?", warn: "▲", bad: "✖", exposed: "◆", gone: "·",
		mark: "▌", arrow: "→", up: "▲", down: "▼", check: "✓", cross: "✗", here: "┃", more: "…",
		block: "█", shade: "░", missed: "╳", low: "▁",
		full: "▰", empty: "▱", dash: "—", dot: "·", dots: "••••", bullet: "•", pause: "‖", play: "▶", times: "×",
		corners: [4]string{"╭", "╮", "╰", "╯"}, across: "─", along: "│", heavy: "━", teeRight: "├", teeLeft: "┤",
	}
	asciiGlyphs = glyphs{
		ok: "*", half: "%", later: "~", hollow: "o", unknown: "?", warn: "!", bad: "x", exposed: "#", gone: ".",
		mark: ">", arrow: "->", up: "^", down: "v", check: "+", cross: "x", here: "|", more: "~",
		block: "#", shade: ":", missed: "X", low: "_",
		full: "=", empty: "-", dash: "-", dot: ".", dots: "****", bullet: "*", pause: "||", play: ">", times: "x",
		corners: [4]string{"+", "+", "+", "+"}, across: "-", along: "|", heavy: "=", teeRight: "+", teeLeft: "+",
	}
)
