package shop

import (
	"testing"
	"time"
)

func TestSell(t *testing.T) {
	opens := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	s := Shop{Opens: opens, Closes: opens.Add(time.Hour)}
	for _, c := range []struct {
		at   time.Duration
		n    int
		sold bool
	}{{-time.Second, 1, false}, {0, 2, true}, {time.Hour + grace, 1, true}, {time.Hour + grace + 1, 1, false}, {0, 0, false}} {
		if s.Sell(opens.Add(c.at), "tea", c.n) != c.sold {
			t.Errorf("%+v", c)
		}
	}
	if s.sold != 3 || len(s.log) != 3 {
		t.Errorf("%+v", s)
	}
}

func TestCheapest(t *testing.T) {
	if Cheapest(2, 3) != 2 || Cheapest(-1, 3) != 1 {
		t.Error("not the smaller one")
	}
}
