package tui

import (
	"strings"
	"time"

	"github.com/accesscodes/lockctl/internal/when"
)

// instants writes the times in a filter, such as due<14:00, as instants: only the screen knows in whose zone they are meant.
func (sh *shell) instants(words string) string {
	out := strings.Fields(words)
	for i, w := range out {
		at := strings.IndexAny(w, "<>")
		if at < 0 {
			continue
		}
		if t, err := when.Parse(w[at+1:], sh.now, sh.now, sh.zone); err == nil {
			out[i] = w[:at+1] + t.UTC().Format(time.RFC3339)
		}
	}
	return strings.Join(out, " ")
}
