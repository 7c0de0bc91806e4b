package facade

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Habitual is a Cloud with habits: how its vendor's models, firmware and accounts differ, and what nobody outside knows for sure. Somebody
// may change them while it answers. What goes wrong for a while is no habit but a fault of the fleet.
type Habitual interface {
	// Accustom returns the habits as JSON has them. read lays what somebody asks for over them first; they stay as they were if that, or
	// what comes of it, is an error.
	Accustom(read func(habits any) error) (any, error)
}

// Change is how a Cloud implements Habitual: check refuses values that mean nothing.
func Change[H any](habits *H, read func(any) error, check func(*H) error) (any, error) {
	text, err := json.Marshal(habits)
	if err != nil {
		return nil, err
	}
	var next H // a copy that shares no list with the habits
	if err := errors.Join(json.Unmarshal(text, &next), read(&next)); err != nil {
		return nil, err
	}
	if err := check(&next); err != nil {
		return nil, err
	}
	*habits = next
	return next, nil
}

// Seconds is a length of time, which JSON has as a number of seconds.
type Seconds float64

// Span is s as Go has it.
func (s Seconds) Span() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Among refuses words that are not among those. The error names the field.
func Among(field string, words []string, known ...string) error {
	for _, w := range words {
		if !slices.Contains(known, w) {
			return fmt.Errorf("%s: must be of %q", field, known)
		}
	}
	return nil
}

// Within refuses a number outside its bounds.
func Within[N int | Seconds](field string, n, least, most N) error {
	if n < least || n > most {
		return fmt.Errorf("%s: must lie between %v and %v", field, least, most)
	}
	return nil
}
