package tui

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// painted shows the small hotel on a terminal of that many colours.
func painted(t *testing.T, colours termenv.Profile, dark bool) *harness {
	h := &harness{t: t, host: smallHotel()}
	h.lab = newFakeLab(h.host)
	h.begin(h.host, h.lab, colours)
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(colours)
	renderer.SetHasDarkBackground(dark)
	h.m.style = newStyle(renderer, false)
	return h
}

func TestWithoutColoursThereIsNoEscape(t *testing.T) {
	h := painted(t, termenv.Ascii, true)
	if strings.Contains(h.frame(), "\x1b") {
		t.Error("NO_COLOR prints escapes")
	}
	h.selected("Annex") // the cursor is a sign, not only a colour
}

func TestSixteenColoursAreOfTheTerminal(t *testing.T) {
	for _, dark := range []bool{true, false} {
		h := painted(t, termenv.ANSI, dark)
		for _, seq := range strings.Split(h.frame(), "\x1b[")[1:] {
			if params, _, _ := strings.Cut(seq, "m"); strings.Contains(params, "38;") || strings.Contains(params, "48;") {
				t.Fatalf("%q is beyond 16 colours", params)
			}
		}
	}
}

func TestLightAndDarkDiffer(t *testing.T) {
	if painted(t, termenv.TrueColor, true).frame() == painted(t, termenv.TrueColor, false).frame() {
		t.Error("the theme changes nothing")
	}
}

func TestASCIIStaysASCII(t *testing.T) {
	for _, s := range scenes() {
		h := newHarness(t, smallHotel())
		h.m.style = newStyle(lipgloss.NewRenderer(io.Discard), true)
		h.press(s.keys...)
		for _, row := range strings.Split(h.frame(), "\n") {
			for _, r := range row {
				if r > 0x7e {
					t.Errorf("%s: %q in %q", s.name, r, row)
					break
				}
			}
		}
	}
}

func TestALongLineGoesOnInTheNextRow(t *testing.T) {
	l := say(dim, "Ada: ").with(warn, "the cloud has accepted the code; the lock has not confirmed it")
	rows := l.wrap(40, 2, "~")
	if len(rows) != 2 || rows[0].width() > 40 || rows[1].width() > 40 {
		t.Fatalf("%q", rows)
	}
	if rows[0][0].tone != dim || rows[1][0].tone != warn {
		t.Errorf("the tones are lost: %v", rows)
	}
	all := ""
	for _, p := range append(rows[0], rows[1]...) {
		all += p.text
	}
	if all != "Ada: the cloud has accepted the code; the lock has not confirmed it" {
		t.Errorf("%q", all)
	}
	if rows = l.wrap(20, 2, "~"); rows[1].width() > 20 || !strings.HasSuffix(rows[1][len(rows[1])-1].text, "~") {
		t.Errorf("what does not fit is not cut: %q", rows)
	}
}

// Whatever the size and whatever the keys: no panic, and no line wider than the screen.
func FuzzSizesAndKeys(f *testing.F) {
	f.Add(80, 24, "jjlx")
	f.Add(60, 15, "n")
	f.Add(0, 0, "?")
	f.Add(300, 90, ":journal")
	f.Add(61, 16, "K12\r")
	f.Add(80, 24, ":today\x00")
	f.Add(120, 40, ":timeline\x00++--")
	f.Add(90, 30, ":codes\x00 A")
	f.Add(200, 60, "e")
	f.Add(77, 19, "X")
	names := []string{"enter", "esc", "tab", "up", "down", "pgdown", "pgup", "home", "end", "backspace", "ctrl+o", "ctrl+p", "left", "right"}
	f.Fuzz(func(t *testing.T, w, height int, keys string) {
		if w > 500 || height > 200 || len(keys) > 40 {
			return
		}
		h := newHarness(t, smallHotel())
		h.size(w, height)
		h.fits()
		for i, r := range keys {
			if r < 0x20 {
				h.press(names[int(r)%len(names)])
			} else {
				h.press(string(r))
			}
			if i%7 == 3 {
				h.size(height*3, w/2)
			}
			h.fits()
		}
	})
}

func BenchmarkFirstFrame(b *testing.B) {
	host := manyLocks(10_000)
	for b.Loop() {
		h := newHarness(b, host)
		if !strings.Contains(h.frame(), "Room 00000") {
			b.Fatal("no first frame")
		}
	}
}

// A key on a fleet of ten thousand locks, to the finished frame.
func BenchmarkKey(b *testing.B) {
	for _, n := range []int{50, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := newHarness(b, manyLocks(n))
			h.size(120, 42)
			down, up := keyMsg("down"), keyMsg("up")
			i := 0
			for b.Loop() {
				if i++; i%20 < 10 {
					h.m.Update(down)
				} else {
					h.m.Update(up)
				}
				_ = h.frame()
			}
		})
	}
}
