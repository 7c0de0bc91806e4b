package lock

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func pin(t testing.TB, digits string) PIN {
	t.Helper()
	p, err := ParsePIN(digits)
	if err != nil {
		t.Fatalf("ParsePIN: %v", err)
	}
	return p
}

func TestCheckPINByExample(t *testing.T) {
	for _, c := range []struct {
		kind ConstraintKind
		ok   []string
		bad  []string
	}{
		{NoZeros, []string{"1234", "99999999"}, []string{"0123", "1230", "1000"}},
		{CannotStartWith12, []string{"2112", "1312", "3124"}, []string{"1234", "12000"}},
		{NoTripleConsecutive, []string{"1235", "1119", "32199", "1357"}, []string{"1234", "1111", "94321", "555512", "0123"}},
		{NoSequence, []string{"1235", "1111", "12349", "9012", "8901"}, []string{"1234", "9876", "012345", "87654321"}},
		{AtLeastThreeUnique, []string{"1123", "1212123"}, []string{"1122", "1111", "12121212"}},
		{NotAllSame, []string{"1112"}, []string{"1111", "00000000"}},
		{UniqueFirstFour, []string{"1234", "12341", "9876666"}, []string{"1123", "12315"}},
		{CannotContain089, []string{"1234", "7654"}, []string{"0123", "1238", "9123"}},
		{CannotContain0789, []string{"1234", "6543"}, []string{"0123", "1237", "1238", "9123"}},
		{CannotSpecifyPIN, nil, []string{"1234"}},
		{MatchesExistingSet, []string{"1234"}, nil},
		{StartInFuture, []string{"1234"}, nil},
		{NameLength, []string{"1234"}, nil},
		{NameMustBeUnique, []string{"1234"}, nil},
	} {
		traits := Traits{Constraints: []Constraint{{Kind: c.kind}}}
		for _, s := range c.ok {
			if b := traits.CheckPIN(pin(t, s)); b != nil {
				t.Errorf("%s: %s is refused: %s", c.kind, s, b.Message)
			}
		}
		for _, s := range c.bad {
			b := traits.CheckPIN(pin(t, s))
			if b == nil {
				t.Errorf("%s: %s is taken", c.kind, s)
				continue
			}
			if b.Rule != c.kind || !strings.HasPrefix(b.Message, "the ") || strings.Contains(b.Message, s) {
				t.Errorf("%s: refused with %q: %q", c.kind, b.Rule, b.Message)
			}
		}
	}
}

// oracles decide each digit rule once more, in other ways than the code does, over a number written with leading zeros.
var oracles = map[ConstraintKind]func(s string) bool{
	NoZeros:           func(s string) bool { return strings.Count(s, "0") == 0 },
	CannotStartWith12: func(s string) bool { return !strings.HasPrefix(s, "12") },
	NoTripleConsecutive: func(s string) bool {
		for i := 0; i+4 <= len(s); i++ {
			w := s[i : i+4]
			if strings.Contains("0123456789", w) || strings.Contains("9876543210", w) || strings.Count(w, w[:1]) == 4 {
				return false
			}
		}
		return true
	},
	NoSequence: func(s string) bool {
		return len(s) == 1 || !strings.Contains("0123456789", s) && !strings.Contains("9876543210", s)
	},
	AtLeastThreeUnique: func(s string) bool { return len(digitSet(s)) >= 3 },
	NotAllSame:         func(s string) bool { return len(s) == 1 || strings.Trim(s, s[:1]) != "" },
	UniqueFirstFour:    func(s string) bool { n := min(4, len(s)); return len(digitSet(s[:n])) == n },
	CannotContain089:   func(s string) bool { return !strings.ContainsAny(s, "089") },
	CannotContain0789:  func(s string) bool { return !strings.ContainsAny(s, "0789") },
}

func digitSet(s string) []byte {
	b := []byte(s)
	slices.Sort(b)
	return slices.Compact(b)
}

func TestRulesAgreeWithOracles(t *testing.T) {
	for kind, oracle := range oracles {
		traits := Traits{Constraints: []Constraint{{Kind: kind}}}
		check := func(s string) bool {
			want := oracle(s)
			if got := traits.CheckPIN(pin(t, s)) == nil; got != want {
				t.Fatalf("%s: %s allowed = %v, want %v", kind, s, got, want)
			}
			return want
		}
		allowed := 0
		for i := range 10_000 {
			if check(fmt.Sprintf("%04d", i)) {
				allowed++
			}
		}
		if got := traits.Space(4); got != allowed {
			t.Errorf("%s: Space(4) = %d, want %d", kind, got, allowed)
		}
		for i := 0; i < 1_000_000; i += 271 {
			check(fmt.Sprintf("%06d", i))
		}
	}
}

func TestCheckPINLengths(t *testing.T) {
	for _, c := range []struct {
		lengths []int
		pin     string
		message string // "": allowed
	}{
		{nil, "1357", ""},
		{nil, "13571357", ""},
		{nil, "135", "the PIN must have 4 to 8 digits"},
		{nil, "135713571", "the PIN must have 4 to 8 digits"},
		{[]int{6}, "135713", ""},
		{[]int{6}, "1357", "the PIN must have 6 digits"},
		{[]int{4, 6}, "13571", "the PIN must have 4 or 6 digits"},
		{[]int{8, 4, 6}, "13571", "the PIN must have 4, 6 or 8 digits"},
	} {
		b := Traits{PINLengths: c.lengths}.CheckPIN(pin(t, c.pin))
		switch {
		case c.message == "" && b != nil:
			t.Errorf("%v: %s is refused: %s", c.lengths, c.pin, b.Message)
		case c.message != "" && (b == nil || b.Rule != RuleLength || b.Message != c.message):
			t.Errorf("%v: %s gives %+v, want %q", c.lengths, c.pin, b, c.message)
		}
	}
	if b := (Traits{PINLengths: []int{6}}).CheckPIN(PIN{}); b != nil {
		t.Errorf("a PIN that is not chosen yet is refused: %s", b.Message)
	}
	for name, traits := range map[string]Traits{"assigned": {AssignsPIN: true}, "offline only": {OfflineOnly: true}} {
		if b := traits.CheckPIN(pin(t, "1357")); b == nil || b.Rule != CannotSpecifyPIN {
			t.Errorf("%s: a chosen PIN gives %+v", name, b)
		}
		if b := traits.CheckPIN(PIN{}); b != nil {
			t.Errorf("%s: no PIN gives %+v", name, b)
		}
	}
}

func TestLength(t *testing.T) {
	traits := Traits{PINLengths: []int{6, 4, 6}}
	for preferred, want := range map[int]int{0: 4, 4: 4, 5: 4, 6: 6, 9: 4} {
		if got := traits.Length(preferred); got != want {
			t.Errorf("Length(%d) = %d, want %d", preferred, got, want)
		}
	}
	if got := traits.Lengths(); !slices.Equal(got, []int{4, 6}) {
		t.Errorf("Lengths() = %v", got)
	}
	if !slices.Equal(traits.PINLengths, []int{6, 4, 6}) {
		t.Errorf("Lengths reordered the traits: %v", traits.PINLengths)
	}
}

func TestCheckName(t *testing.T) {
	kwikset := Traits{NameMax: 14, Constraints: []Constraint{{Kind: NameLength, Min: 2, Max: 30}}}
	for name, ok := range map[string]bool{
		"":                      true,
		"A":                     false,
		"Zoë":                   true,
		"Éé":                    true, // two characters of two bytes each
		"longer than fourteen":  true, // cut short on the lock
		strings.Repeat("ü", 30): true,
		strings.Repeat("ü", 31): false,
	} {
		b := kwikset.CheckName(name)
		if (b == nil) != ok {
			t.Errorf("%q gives %+v", name, b)
		}
		if b != nil && b.Rule != NameLength {
			t.Errorf("%q breaks %q", name, b.Rule)
		}
	}
	if b := (Traits{}).CheckName("A"); b != nil {
		t.Errorf("a lock without rules refuses a name: %+v", b)
	}
}
