package world

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// maxDigits bounds how many PINs are looked for; learning more forgets the oldest.
const maxDigits = 20_000

// digits are the PINs that must not show anywhere.
type digits struct {
	known map[string]bool
	order []string
}

// learn adds a PIN. Only here are digits taken out of one, to find them where they must not be.
func (d *digits) learn(p lock.PIN) {
	s := p.Reveal()
	if len(s) < 4 || d.known[s] {
		return
	}
	if d.known == nil {
		d.known = map[string]bool{}
	}
	if len(d.order) == maxDigits {
		delete(d.known, d.order[0])
		d.order = d.order[1:]
	}
	d.known[s] = true
	d.order = append(d.order, s)
}

// shown reports whether a PIN stands in text as a word of its own. Digits within a name, a date, a time or a number with
// a unit are none.
func (d *digits) shown(text string) bool {
	for i := 0; i < len(text); {
		if !digit(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && digit(text[end]) {
			end++
		}
		if end-i >= 4 && d.known[text[i:end]] && !joined(text, i-1, i-2) && !joined(text, end, end+1) {
			return true
		}
		i = end
	}
	return false
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80 }

// joined reports whether the byte at i, next to a run of digits, ties it to what lies beyond at j.
func joined(text string, i, j int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	switch c := text[i]; c {
	case '-', '_', '+', '/', '#', '@':
		return true
	case '.', ':', ',':
		return j >= 0 && j < len(text) && (digit(text[j]) || c == '.' && letter(text[j]))
	default:
		return letter(c)
	}
}

// silent judges a text that people or programs will read.
func (j *judge) silent(at time.Time, device lock.DeviceID, where, text string) {
	if j.digits.shown(text) {
		j.breach(at, RuleDigits, device, "", "the digits of a PIN show in a "+where)
	}
}
