package lock

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// RuleLength is the rule that PINLengths makes. It is no Constraint, but is named beside them in a Broken.
const RuleLength ConstraintKind = "length"

// Broken says which rule of a lock a PIN or a name breaks.
type Broken struct {
	Rule    ConstraintKind
	Message string // one sentence for people; it tells the rule, never the digits that broke it
}

func broken(rule ConstraintKind, message string) *Broken { return &Broken{rule, message} }

// digitRules are the constraints that can be judged by a PIN's digits alone, in the order in which they are reported.
var digitRules = [...]struct {
	kind    ConstraintKind
	message string
	holds   func(digits []byte) bool
}{
	{NoZeros, "the PIN must not contain the digit 0", func(d []byte) bool { return without(d, "0") }},
	{CannotContain089, "the PIN must not contain the digits 0, 8 or 9", func(d []byte) bool { return without(d, "089") }},
	{CannotContain0789, "the PIN must not contain the digits 0, 7, 8 or 9", func(d []byte) bool { return without(d, "0789") }},
	{CannotStartWith12, "the PIN must not start with 12", func(d []byte) bool { return len(d) < 2 || d[0] != '1' || d[1] != '2' }},
	{NotAllSame, "the digits of the PIN must not all be the same", func(d []byte) bool { return len(d) < 2 || distinct(d) > 1 }},
	{AtLeastThreeUnique, "the PIN must have at least three different digits", func(d []byte) bool { return distinct(d) >= 3 }},
	{UniqueFirstFour, "the first four digits of the PIN must all be different", func(d []byte) bool { n := min(4, len(d)); return distinct(d[:n]) == n }},
	{NoSequence, "the PIN must not be an ascending or descending sequence", func(d []byte) bool { return len(d) < 2 || longestRun(d, 1) < len(d) && longestRun(d, -1) < len(d) }},
	{NoTripleConsecutive, "the PIN must not have more than three equal or consecutive digits in a row", func(d []byte) bool {
		return longestRun(d, 0) <= 3 && longestRun(d, 1) <= 3 && longestRun(d, -1) <= 3
	}},
}

// CheckPIN returns the first rule of the lock that p breaks, or nil. The zero PIN breaks none: no digits were asked for.
// MatchesExistingSet can't be judged by digits and is left to the lock.
func (t Traits) CheckPIN(p PIN) *Broken {
	if p.IsZero() {
		return nil
	}
	if t.choosesPIN() {
		return broken(CannotSpecifyPIN, "the PIN can't be chosen: the provider of this lock assigns it")
	}
	if lengths := t.Lengths(); !slices.Contains(lengths, p.Len()) {
		return broken(RuleLength, "the PIN must have "+oneOf(lengths)+" digits")
	}
	digits := []byte(p.Reveal())
	for _, r := range digitRules {
		if t.has(r.kind) && !r.holds(digits) {
			return broken(r.kind, r.message)
		}
	}
	return nil
}

// CheckName returns the rule of the lock that a name breaks, or nil. An empty name breaks none: whoever writes the
// credential then chooses one. A name longer than NameMax is no mistake, it is cut short on the lock. NameMustBeUnique needs
// the other names and is left to the caller.
func (t Traits) CheckName(name string) *Broken {
	if name == "" {
		return nil
	}
	n := utf8.RuneCountInString(name)
	for _, c := range t.Constraints {
		if c.Kind != NameLength {
			continue
		}
		if n < c.Min {
			return broken(NameLength, "the name must have at least "+strconv.Itoa(c.Min)+" characters")
		}
		if c.Max > 0 && n > c.Max {
			return broken(NameLength, "the name must have at most "+strconv.Itoa(c.Max)+" characters")
		}
	}
	return nil
}

// Lengths returns the allowed numbers of digits, ascending: PINLengths, or 4 to 8.
func (t Traits) Lengths() []int {
	if len(t.PINLengths) == 0 {
		return []int{4, 5, 6, 7, 8}
	}
	return slices.Compact(slices.Sorted(slices.Values(t.PINLengths)))
}

// Length returns the preferred number of digits if the lock takes it, else the shortest that it takes.
func (t Traits) Length(preferred int) int {
	lengths := t.Lengths()
	if slices.Contains(lengths, preferred) {
		return preferred
	}
	return lengths[0]
}

// has reports whether the lock has a constraint of that kind.
func (t Traits) has(kind ConstraintKind) bool {
	return slices.ContainsFunc(t.Constraints, func(c Constraint) bool { return c.Kind == kind })
}

// choosesPIN reports whether nobody but the provider can choose digits for the lock.
func (t Traits) choosesPIN() bool { return t.AssignsPIN || t.OfflineOnly || t.has(CannotSpecifyPIN) }

func without(digits []byte, unwanted string) bool {
	return !slices.ContainsFunc(digits, func(d byte) bool { return strings.IndexByte(unwanted, d) >= 0 })
}

// distinct counts the different digits.
func distinct(digits []byte) int {
	var seen [10]bool
	n := 0
	for _, d := range digits {
		if !seen[d-'0'] {
			seen[d-'0'] = true
			n++
		}
	}
	return n
}

// longestRun is the length of the longest stretch in which each digit is the one before plus step.
func longestRun(digits []byte, step int) int {
	longest, run := 0, 0
	for i := range digits {
		if i > 0 && int(digits[i]) == int(digits[i-1])+step {
			run++
		} else {
			run = 1
		}
		longest = max(longest, run)
	}
	return longest
}

// oneOf writes ascending numbers for a sentence: "4 to 8", "6", "4 or 6", "4, 6 or 8".
func oneOf(n []int) string {
	last := len(n) - 1
	if last >= 2 && n[last]-n[0] == last {
		return strconv.Itoa(n[0]) + " to " + strconv.Itoa(n[last])
	}
	words := make([]string, len(n))
	for i, v := range n {
		words[i] = strconv.Itoa(v)
	}
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
