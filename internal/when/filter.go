package when

import (
	"strings"
	"time"
)

// Filter writes the times in a filter's words, such as due<14:00 or due<sat 12:00, as instants, which are all that the engine
// reads: whoever typed them knows in whose zone they are meant. What is no time stays as it was typed.
func Filter(words string, now time.Time, zone *time.Location) string {
	in := strings.Fields(words)
	out := make([]string, 0, len(in))
	for len(in) > 0 {
		word, took := in[0], 1
		if at := strings.IndexAny(word, "<>") + 1; at > 0 {
			for n := min(2, len(in)); n > 0; n-- { // a day and its time are two words
				text := strings.Join(in[:n], " ")
				if t, err := Parse(text[at:], now, now, zone); err == nil {
					word, took = text[:at]+t.UTC().Format(time.RFC3339), n
					break
				}
			}
		}
		out, in = append(out, word), in[took:]
	}
	return strings.Join(out, " ")
}
