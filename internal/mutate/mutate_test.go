package mutate

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func everything(string) bool { return true }

func shop(t *testing.T) (root string, c Copy) {
	t.Helper()
	root, err := filepath.Abs("testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, p.Mutate(everything, everything)
}

// Every kind of mistake, where it is made and what it is called.
func TestEveryPlaceForAMistakeIsFound(t *testing.T) {
	_, c := shop(t)
	want := []string{
		"17: Shop.Sell: returns nothing, at once",
		"18: Shop.Sell: now.Before(s.Opens) || now.After(s.Closes.Add(grace)) → &&",
		"18: Shop.Sell: not now.Before(s.Opens)",
		"18: Shop.Sell: not now.After(s.Closes.Add(grace))",
		"18: Shop.Sell: now.Before(s.Opens) → also when equal",
		"18: Shop.Sell: now.After(s.Closes.Add(grace)) → also when equal",
		"18: Shop.Sell: s.Closes.Add(grace) → minus",
		"18: Shop.Sell: grace → twice",
		"19: Shop.Sell: not false",
		"21: Shop.Sell: not n < 1",
		"21: Shop.Sell: n < 1 → <=",
		"21: Shop.Sell: 1 → one more",
		"22: Shop.Sell: not false #2",
		"25: Shop.Sell: not left > 0",
		"25: Shop.Sell: left > 0 → >=",
		"26: Shop.Sell: s.log = append(s.log, what) only after left--",
		"26: Shop.Sell: without s.log = append(s.log, what)",
		"27: Shop.Sell: without left--",
		"29: Shop.Sell: without s.sold = s.sold+n",
		"29: Shop.Sell: without s.last = what",
		"29: Shop.Sell: s.sold+n → -",
		"30: Shop.Sell: not true",
		"34: Cheapest: returns nothing, at once",
		"34: Cheapest: max(min(a, b), 1) → min",
		"34: Cheapest: min(a, b) → max",
		"34: Cheapest: 1 → one more",
		"36: unused: returns nothing, at once",
		"36: unused: 7 → one more",
		"38: endless: returns nothing, at once",
		"39: endless: without n--",
	}
	var got []string
	for i, m := range c.Mutants {
		if m.N != i+1 {
			t.Errorf("mutant %d has number %d", i+1, m.N)
		}
		got = append(got, strings.TrimPrefix(m.String(), "shop.go:"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("found:\n%s", strings.Join(got, "\n"))
	}
}

// The tests of the shop don't look at what was sold last, nor at what nothing uses, and ask for no price at a boundary.
func TestWhatNoTestNoticesSurvives(t *testing.T) {
	root, c := shop(t)
	work := t.TempDir()
	b, err := Prepare(t.Context(), root, ".", work, c, []Suite{Tests(".")}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	results, err := b.Run(t.Context(), c.Mutants, filepath.Join(work, "results"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := Equivalents("# what was sold last is\n# for later\nShop.Sell: without s.last = what\n\n# wrong\nShop.Sell: not n < 1\n")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	Report(&out, c.Mutants, results, reasons, "elsewhere")
	for _, want := range []string{
		"missed by elsewhere, and caught by:\nshop.go:17: Shop.Sell: returns nothing, at once: .\n",
		"survivors with a reason:\nshop.go:29: Shop.Sell: without s.last = what\n\twhat was sold last is for later\n",
		"reasons to take off the list:\nshop.go:21: Shop.Sell: not n < 1: is caught by .\n",
		"survivors:\nshop.go:26: Shop.Sell: s.log = append(s.log, what) only after left--\n" +
			"shop.go:36: unused: returns nothing, at once (reached by nothing)\n" +
			"shop.go:36: unused: 7 → one more (reached by nothing)\n" +
			"shop.go:38: endless: returns nothing, at once (reached by nothing)\n" +
			"shop.go:39: endless: without n-- (reached by nothing)\n",
		"all                    30       24        1        5      80.0 %      82.8 %",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks\n%s\nin\n%s", want, out.String())
		}
	}
	again := *b
	again.suites = nil // nothing could be caught now: what is known is not tried again
	if kept, err := again.Run(t.Context(), c.Mutants, filepath.Join(work, "results"), io.Discard); err != nil || len(kept) != len(results) {
		t.Errorf("%d results are kept of %d, %v", len(kept), len(results), err)
	}
	again.Killers = "new"
	if kept, err := again.known(filepath.Join(work, "results")); err != nil || len(kept) != 24 {
		t.Errorf("%d results are kept, %v: survivors must be tried again when there is something new to catch them", len(kept), err)
	}
}

func TestAnEquivalentMutantNeedsAReason(t *testing.T) {
	if _, err := Equivalents("# good\na\n\nb\n"); err == nil {
		t.Error("a mutant without a reason was taken")
	}
}

// A mutant that is added moves at most one other out of a sample.
func TestASampleStays(t *testing.T) {
	_, c := shop(t)
	some := Sample(c.Mutants[1:], 9, 1)
	if len(some) != 9 || !slices.IsSortedFunc(some, func(a, b Mutant) int { return a.N - b.N }) {
		t.Fatalf("%v", some)
	}
	both := 0
	for _, m := range Sample(c.Mutants, 9, 1) {
		if slices.Contains(some, m) {
			both++
		}
	}
	if both < 8 {
		t.Errorf("%d of 9 stay", both)
	}
	if slices.Equal(some, Sample(c.Mutants[1:], 9, 2)) {
		t.Error("another seed draws the same")
	}
	if n := len(Sample(c.Mutants, 1000, 1)); n != len(c.Mutants) {
		t.Errorf("%d mutants of %d", n, len(c.Mutants))
	}
}
