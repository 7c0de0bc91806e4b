package arch

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"strings"
)

// CheckModules holds the versions that a go.mod requires against the oldest ones that are safe.
func CheckModules(house House, gomod []byte) []Finding {
	var found []Finding
	lines := bufio.NewScanner(bytes.NewReader(gomod))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require "))
		if len(fields) < 2 {
			continue
		}
		for _, l := range house.Least {
			if fields[0] == l.Module && older(fields[1], l.Version) {
				found = append(found, Finding{"go.mod", n, "version", fmt.Sprintf("%s %s must be %s or later: %s", l.Module, fields[1], l.Version, l.Why)})
			}
		}
	}
	return found
}

// older compares two versions of the form v1.2.3. What it can't read is older than everything.
func older(version, least string) bool {
	parse := func(s string) (v [3]int) {
		if _, err := fmt.Sscanf(s, "v%d.%d.%d", &v[0], &v[1], &v[2]); err != nil {
			return [3]int{}
		}
		return v
	}
	a, b := parse(version), parse(least)
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2])) < 0
}
