package when

import (
	"testing"
	"time"
)

func TestFilterReadsTimesWhereTheyAreTyped(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 12, 15, 57, 0, 0, berlin) // a Friday
	for typed, want := range map[string]string{
		"":                         "",
		"smith  !jones":            "smith !jones",
		"due<18:00":                "due<2026-06-12T16:00:00Z",
		"due<14:00 smith":          "due<2026-06-13T12:00:00Z smith",
		"due<sat 12:00 smith":      "due<2026-06-13T10:00:00Z smith",
		"starts>2026-06-20 12:00":  "starts>2026-06-20T10:00:00Z",
		"ends<2026-06-20T12:00Z x": "ends<2026-06-20T12:00Z x",
		"due<+2h 15":               "due<2026-06-12T15:57:00Z 15",
		"!due<+2h ends>18:00":      "!due<2026-06-12T15:57:00Z ends>2026-06-12T16:00:00Z",
		"due<noon":                 "due<noon",
		"<":                        "<",
	} {
		if got := Filter(typed, now, berlin); got != want {
			t.Errorf("%q is asked as %q, want %q", typed, got, want)
		}
	}
}
