package scenario

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// A trace of more than MaxTrace lines is a digest, for nobody reviews thousands of lines that say the same. What concerns no
// lock at all, and a sample, is told line by line; of the rest stands how many lines of each kind there are, and a sum that
// shows every change.

// sample is whose lines a digest tells: the first lock of each kind and those at which somebody types, each with its first
// code.
func (res *Result) sample(lines []line) map[lock.DeviceID]lock.CodeID {
	in := map[lock.DeviceID]lock.CodeID{}
	kinds := map[sim.LockSpec]bool{}
	for _, l := range res.File.Spec.Locks {
		kind := l
		kind.ID, kind.Name = "", ""
		if !kinds[kind] {
			kinds[kind], in[l.ID] = true, ""
		}
	}
	for _, x := range res.Records {
		if x.Kind == sim.KindTry {
			in[x.Device] = ""
		}
	}
	for _, l := range lines {
		if code, ok := in[l.device]; ok && code == "" {
			in[l.device] = l.code
		}
	}
	return in
}

// digest splits lines into those that are told, at most MaxTrace, and the rest.
func (res *Result) digest(lines []line) (told, rest []line) {
	in := res.sample(lines)
	for _, l := range lines {
		code, ok := in[l.device]
		if len(told) < MaxTrace && (l.device == "" || ok && (l.code == "" || l.code == code)) {
			told = append(told, l)
		} else {
			rest = append(rest, l)
		}
	}
	return told, rest
}

// sum is what a digest says of the lines that it does not tell.
func (f *File) sum(rest []line) string {
	var b strings.Builder
	hash := sha256.New()
	count := map[string]int{}
	for _, l := range rest {
		fmt.Fprintf(hash, "%s  %s\n", f.stamp(l.at), l.text)
		count[l.what]++
	}
	fmt.Fprintf(&b, "\n# %d lines more, of other locks and codes, SHA-256 %x\n", len(rest), hash.Sum(nil))
	kinds := make([]string, 0, len(count))
	for what := range count {
		kinds = append(kinds, what)
	}
	slices.SortFunc(kinds, func(x, y string) int { return cmp.Or(cmp.Compare(count[y], count[x]), cmp.Compare(x, y)) })
	for _, what := range kinds {
		fmt.Fprintf(&b, "#%15d  %s\n", count[what], what)
	}
	return b.String()
}

// kindOf is what a line is counted as: without its lock and code, of an outcome with how it ended.
func kindOf(x sim.Record) string {
	kind := fmt.Sprintf("%-7s  %s", x.Kind, x.Name)
	if x.Kind == sim.KindOutcome {
		kind += ": " + x.Text
	}
	return kind
}
