package lock

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// stream gives random bits by attempt: order-independent, as the engine's are.
func stream(seed uint64) func(int) uint64 {
	return func(attempt int) uint64 { return rand.New(rand.NewPCG(seed, uint64(attempt))).Uint64() }
}

func traitsOf(lengths []int, kinds ...ConstraintKind) Traits {
	t := Traits{PINLengths: lengths}
	for _, k := range kinds {
		t.Constraints = append(t.Constraints, Constraint{Kind: k})
	}
	return t
}

func TestDrawObeysEveryRule(t *testing.T) {
	all := traitsOf([]int{4, 6, 9, 12})
	for kind := range oracles {
		all.Constraints = append(all.Constraints, Constraint{Kind: kind})
	}
	for _, length := range all.Lengths() {
		for seed := range uint64(200) {
			p, ok := all.Draw(length, nil, stream(seed))
			if !ok {
				t.Fatalf("length %d seed %d: nothing drawn", length, seed)
			}
			for kind, holds := range oracles {
				if s := p.Reveal(); len(s) != length || !holds(s) {
					t.Fatalf("length %d seed %d: %s breaks %s", length, seed, s, kind)
				}
			}
			if b := all.CheckPIN(p); b != nil {
				t.Fatalf("length %d seed %d: own check refuses %s: %s", length, seed, p.Reveal(), b.Message)
			}
			if again, _ := all.Draw(length, nil, stream(seed)); again != p {
				t.Fatalf("length %d seed %d: a repeated draw differs", length, seed)
			}
		}
	}
}

func TestDrawIsUniform(t *testing.T) {
	all := []ConstraintKind{CannotContain0789, CannotStartWith12, NoSequence, AtLeastThreeUnique, UniqueFirstFour, NoTripleConsecutive}
	for _, c := range []struct {
		name   string
		length int
		kinds  []ConstraintKind
		taken  func(PIN) bool
	}{
		{"no rule", 3, nil, nil},
		{"few digits", 4, []ConstraintKind{CannotContain0789, CannotStartWith12}, nil},
		{"no zeros", 3, []ConstraintKind{NoZeros}, nil},
		{"three unique", 3, []ConstraintKind{AtLeastThreeUnique}, nil},
		{"no sequence, not all the same", 3, []ConstraintKind{NoSequence, NotAllSame}, nil},
		{"every rule", 4, all, nil},
		{"half are taken", 3, nil, func(p PIN) bool { return p.Reveal()[2] < '5' }},
		// Where nearly every PIN is taken, half of the draws end in the search through all that are left.
		{"three are left", 4, nil, func(p PIN) bool { return p.Reveal() != "0123" && p.Reveal() != "4711" && p.Reveal() != "9999" }},
	} {
		traits := traitsOf([]int{c.length}, c.kinds...)
		want := map[PIN]int{}
		for _, s := range numbers(c.length) {
			if p := pin(t, s); allowed(c.kinds, s) && (c.taken == nil || !c.taken(p)) {
				want[p] = 0
			}
		}
		const each = 40
		for i := range each * len(want) {
			p, ok := traits.Draw(c.length, c.taken, stream(uint64(i)))
			if _, fair := want[p]; !ok || !fair {
				t.Fatalf("%s: drew %q, %v", c.name, p.Reveal(), ok)
			}
			want[p]++
		}
		chi2 := 0.0
		for _, n := range want {
			chi2 += float64(n-each) * float64(n-each) / each
		}
		// The statistic has mean cells-1 and standard deviation sqrt(2(cells-1)).
		free := float64(len(want) - 1)
		if z := (chi2 - free) / math.Sqrt(2*free); math.Abs(z) > 4 {
			t.Errorf("%s: chi-square is %.1f standard deviations from what uniform draws give", c.name, z)
		}
	}
}

// numbers is every PIN of that length, by counting.
func numbers(length int) []string {
	all := make([]string, 0, int(math.Pow10(length)))
	for i := range cap(all) {
		all = append(all, fmt.Sprintf("%0*d", length, i))
	}
	return all
}

// allowed judges digits by the oracles.
func allowed(kinds []ConstraintKind, digits string) bool {
	for _, k := range kinds {
		if holds, ok := oracles[k]; ok && !holds(digits) {
			return false
		}
	}
	return true
}

func TestDrawTakesTheLastFreePINAndThenNone(t *testing.T) {
	traits := traitsOf([]int{4, 6}, NoSequence, CannotContain0789, UniqueFirstFour)
	for _, length := range []int{4, 6} {
		last := pin(t, "246135"[:length])
		got, ok := traits.Draw(length, func(p PIN) bool { return p != last }, stream(1))
		if !ok || got != last {
			t.Errorf("length %d: the last free PIN was not found", length)
		}
		if _, ok := traits.Draw(length, func(PIN) bool { return true }, stream(1)); ok {
			t.Errorf("length %d: drew a taken PIN", length)
		}
	}
	// Beyond a million combinations an end is admitted too.
	if _, ok := (Traits{}).Draw(8, func(PIN) bool { return true }, stream(1)); ok {
		t.Error("length 8: drew a taken PIN")
	}
}

func TestDrawUsesUpTheSpaceWithoutRepeating(t *testing.T) {
	traits := traitsOf([]int{4}, CannotContain0789, UniqueFirstFour)
	used := map[PIN]bool{}
	for i := range uint64(1000) {
		p, ok := traits.Draw(4, func(p PIN) bool { return used[p] }, stream(i))
		if !ok {
			break
		}
		if used[p] {
			t.Fatalf("%s drawn twice", p.Reveal())
		}
		used[p] = true
	}
	if want := 6 * 5 * 4 * 3; len(used) != want || traits.Space(4) != want {
		t.Errorf("%d PINs drawn, Space = %d, want %d", len(used), traits.Space(4), want)
	}
}

func TestNothingToDraw(t *testing.T) {
	for name, c := range map[string]struct {
		traits Traits
		length int
	}{
		"length the lock lacks": {Traits{}, 9},
		"no digits":             {Traits{PINLengths: []int{0}}, 0},
		"longer than a PIN":     {Traits{PINLengths: []int{13}}, 13},
		"assigned":              {Traits{AssignsPIN: true}, 4},
		"offline only":          {Traits{OfflineOnly: true}, 4},
		"cannot specify":        {traitsOf(nil, CannotSpecifyPIN), 4},
		"existing set":          {traitsOf(nil, MatchesExistingSet), 4},
	} {
		if p, ok := c.traits.Draw(c.length, nil, stream(1)); ok || !p.IsZero() {
			t.Errorf("%s: drew", name)
		}
		if n := c.traits.Space(c.length); n != 0 {
			t.Errorf("%s: Space = %d", name, n)
		}
	}
	if n := (Traits{}).Space(8); n != 100_000_000 {
		t.Errorf("Space(8) without rules = %d", n)
	}
}

func TestBelowRefusesExactlyTheBiasedTop(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 10_000, 1_000_000_000_000, 1 << 40} {
		rest := (math.MaxUint64%n + 1) % n // 2^64 mod n: so many values at the top are too many
		edge := uint64(math.MaxUint64) - rest
		if i, ok := below(n, edge); !ok || i != n-1 {
			t.Errorf("n=%d: the last fair value gives %d, %v", n, i, ok)
		}
		if rest > 0 {
			if _, ok := below(n, edge+1); ok {
				t.Errorf("n=%d: the first unfair value is taken", n)
			}
		}
	}
}

// everyKind is the fourteen kinds, in the order of the bits of FuzzDraw.
var everyKind = []ConstraintKind{
	NoZeros, CannotStartWith12, NoTripleConsecutive, CannotSpecifyPIN, MatchesExistingSet, StartInFuture, NoSequence, AtLeastThreeUnique,
	NotAllSame, UniqueFirstFour, CannotContain089, CannotContain0789, NameLength, NameMustBeUnique,
}

// What is drawn is allowed and free by the oracles; what is refused leaves nothing by counting.
func FuzzDraw(f *testing.F) {
	f.Fuzz(func(t *testing.T, seed uint64, rules uint16, length, scarce byte) {
		traits := Traits{PINLengths: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}
		var kinds []ConstraintKind
		for i, k := range everyKind {
			if rules>>i&1 == 1 {
				kinds = append(kinds, k)
				traits.Constraints = append(traits.Constraints, Constraint{Kind: k})
			}
		}
		n := int(length) % (MaxPIN + 2)
		keeps := uint64(scarce)*uint64(scarce)*uint64(scarce)/64 + 1 // one PIN of so many is free
		if n > 4 {
			keeps = 1 + uint64(scarce)%8 // too many to count: enough of them are free
		}
		taken := func(p PIN) bool {
			digits, _ := strconv.ParseUint("1"+p.Reveal(), 10, 64)
			return rand.New(rand.NewPCG(seed, digits)).Uint64()%keeps != 0
		}
		p, ok := traits.Draw(n, taken, stream(seed))
		switch {
		case ok != !p.IsZero():
			t.Fatalf("drew %v, and a PIN %v", ok, !p.IsZero())
		case ok && (p.Len() != n || !allowed(kinds, p.Reveal()) || taken(p) || traits.CheckPIN(p) != nil):
			t.Fatalf("drew %s of %d digits under %v, taken %v, own check %v", p.Reveal(), n, kinds, taken(p), traits.CheckPIN(p))
		case ok && (slices.Contains(kinds, CannotSpecifyPIN) || slices.Contains(kinds, MatchesExistingSet)):
			t.Fatalf("drew where nobody can choose: %v", kinds)
		case ok || n == 0 || n > MaxPIN || slices.Contains(kinds, CannotSpecifyPIN) || slices.Contains(kinds, MatchesExistingSet):
			return
		case n > 4:
			t.Fatalf("drew nothing of %d digits under %v", n, kinds)
		}
		for _, s := range numbers(n) {
			if allowed(kinds, s) && !taken(pin(t, s)) {
				t.Fatalf("drew nothing, and %s is allowed by %v and free", s, kinds)
			}
		}
	})
}
