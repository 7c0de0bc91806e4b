package tui

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// The pictures of the README are drawn from the same scenes as the golden frames: go test ./tui -update.
func TestPictures(t *testing.T) {
	for _, s := range scenes() {
		if !s.pictured {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			h := s.begin(t, termenv.TrueColor)
			h.size(110, 30)
			h.press(s.keys...)
			h.fits()
			got := svg(h.frame(), 110, 30)
			path := filepath.Join("..", "docs", "pictures", s.name+".svg")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is out of date; run go test ./tui -update", path)
			}
		})
	}
}

// pen is the look of a cell.
type pen struct {
	fg, bg string
	bold   bool
}

const (
	cellWidth  = 8.4
	cellHeight = 18
	ground     = "#12141d"
	letters    = "#c8cde0"
)

// svg draws a frame with its colours, every run of text at its own column.
func svg(frame string, w, h int) string {
	var b strings.Builder
	width, height := float64(w)*cellWidth+24, h*cellHeight+24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="JetBrains Mono, DejaVu Sans Mono, Menlo, monospace" font-size="14">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", ground)
	for y, row := range strings.Split(frame, "\n") {
		x, p := 0, pen{fg: letters}
		for row != "" {
			seq, rest, isSeq := cutEscape(row)
			if isSeq {
				p = p.apply(seq)
				row = rest
				continue
			}
			text, rest, _ := strings.Cut(row, "\x1b")
			if rest != "" || strings.HasSuffix(row, "\x1b") {
				rest = "\x1b" + rest
			}
			p.draw(&b, x, y, text)
			x += ansi.StringWidth(text)
			row = rest
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p pen) draw(b *strings.Builder, x, y int, text string) {
	left, top := 12+float64(x)*cellWidth, 12+y*cellHeight
	n := float64(ansi.StringWidth(text)) * cellWidth
	if p.bg != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", left, top, n, cellHeight, p.bg)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	weight := ""
	if p.bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="%s"%s textLength="%.1f" xml:space="preserve">%s</text>`+"\n", left, top+14, p.fg, weight, n, html.EscapeString(text))
}

func cutEscape(s string) (params, rest string, ok bool) {
	if !strings.HasPrefix(s, "\x1b[") {
		return "", s, false
	}
	end := strings.IndexByte(s, 'm')
	return s[2:end], s[end+1:], true
}

func (p pen) apply(params string) pen {
	f := strings.Split(params, ";")
	for i := 0; i < len(f); i++ {
		switch f[i] {
		case "", "0":
			p = pen{fg: letters}
		case "1":
			p.bold = true
		case "7":
			p.fg, p.bg = ground, letters
		case "38", "48":
			rgb := "#"
			for _, v := range f[i+2 : i+5] {
				n, _ := strconv.Atoi(v)
				rgb += fmt.Sprintf("%02x", n)
			}
			if f[i] == "38" {
				p.fg = rgb
			} else {
				p.bg = rgb
			}
			i += 4
		}
	}
	return p
}
