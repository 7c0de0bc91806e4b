package mutate

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Equivalents reads the list of mutants that nothing can catch, or need catch: lines of "key", each below the reason that it
// has, which is a line that begins with "# ". A blank line ends a reason.
func Equivalents(text string) (map[string]string, error) {
	reasons := map[string]string{}
	var reason string
	for i, line := range strings.Split(text, "\n") {
		said, is := strings.CutPrefix(line, "# ")
		switch {
		case line == "":
			reason = ""
		case is:
			reason = strings.TrimSpace(reason + " " + said)
		case reason == "":
			return nil, fmt.Errorf("line %d: %q stands below no reason", i+1, line)
		default:
			reasons[line] = reason
		}
	}
	return reasons, nil
}

// Report writes what became of the mutants, and returns the share that was caught, in percent, of all for whose survival there is
// no reason. What the suite named first has caught is only counted; what it missed and another caught is listed with the other's name.
func Report(w io.Writer, mutants []Mutant, results map[string]Result, reasons map[string]string, first string) float64 {
	type count struct{ all, caught, excused int }
	var total count
	files := map[string]*count{}
	var order []string
	by := map[string]int{}
	var survivors, excused, wrong, late []string
	for _, m := range mutants {
		r, tried := results[m.Key]
		if !tried {
			continue
		}
		f := files[m.File]
		if f == nil {
			f = &count{}
			files[m.File], order = f, append(order, m.File)
		}
		reason := reasons[m.Key]
		line := m.String()
		if !r.Reached {
			line += " (reached by nothing)"
		}
		for _, c := range []*count{f, &total} {
			c.all++
			if r.By != "" {
				c.caught++
			} else if reason != "" {
				c.excused++
			}
		}
		switch {
		case r.By != "":
			if by[r.By]++; reason != "" {
				wrong = append(wrong, line+": is caught by "+r.By)
			}
			if r.By != first {
				late = append(late, line+": "+r.By)
			}
		case reason != "":
			excused = append(excused, line+"\n\t"+reason)
		default:
			survivors = append(survivors, line)
		}
	}
	list := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(w, "%s:\n%s\n\n", title, strings.Join(lines, "\n"))
		}
	}
	list("missed by "+first+", and caught by", late)
	list("survivors with a reason", excused)
	list("reasons to take off the list", wrong)
	list("survivors", survivors)
	fmt.Fprintf(w, "%-16s %8s %8s %8s %8s %11s %11s\n", "file", "mutants", "caught", "reason", "survive", "of all", "of the rest")
	row := func(name string, c count) {
		fmt.Fprintf(w, "%-16s %8d %8d %8d %8d %9.1f %% %9.1f %%\n", name, c.all, c.caught, c.excused, c.all-c.caught-c.excused,
			share(c.caught, c.all), share(c.caught, c.all-c.excused))
	}
	for _, f := range order {
		row(f, *files[f])
	}
	row("all", total)
	for _, name := range sortedNames(by) {
		fmt.Fprintf(w, "caught by %s: %d\n", name, by[name])
	}
	return share(total.caught, total.all-total.excused)
}

func share(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return 100 * float64(part) / float64(all)
}

func sortedNames(m map[string]int) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
