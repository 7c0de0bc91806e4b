package lock

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unique"
)

// MaxPIN is the longest PIN that any keypad of the supported systems takes, in digits.
const MaxPIN = 12

// dots is what a PIN shows wherever it is printed.
const dots = "••••"

// PIN is a keypad code. It is silent: every way of printing, logging or marshalling it gives dots, and Reveal is the
// only way to its digits. PINs are comparable with ==; the zero PIN means "not known" or "not chosen yet".
type PIN struct{ h unique.Handle[string] }

// ErrPIN is returned for text that is not a PIN. The text itself is never part of the error.
var ErrPIN = errors.New("a PIN is 1 to 12 digits")

// ParsePIN makes a PIN of 1 to MaxPIN ASCII digits, or returns ErrPIN.
func ParsePIN(digits string) (PIN, error) {
	if len(digits) == 0 || len(digits) > MaxPIN {
		return PIN{}, ErrPIN
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return PIN{}, ErrPIN
		}
	}
	return PIN{unique.Make(digits)}, nil
}

// Reveal returns the digits, or "" for the zero PIN. Only stored records, wire formats and an answer that was asked for
// may call it.
func (p PIN) Reveal() string {
	if p.IsZero() {
		return ""
	}
	return p.h.Value()
}

// IsZero reports whether no digits are known.
func (p PIN) IsZero() bool { return p == PIN{} }

// Zeros reports whether the PIN has digits and all of them are 0: what some locks show of an empty slot.
func (p PIN) Zeros() bool { return !p.IsZero() && strings.Trim(p.h.Value(), "0") == "" }

// Len is the number of digits.
func (p PIN) Len() int { return len(p.Reveal()) }

// String gives dots, or "" for the zero PIN.
func (p PIN) String() string {
	if p.IsZero() {
		return ""
	}
	return dots
}

// Format gives dots for every verb, so that no %x or %d finds a way around String.
func (p PIN) Format(f fmt.State, _ rune) { fmt.Fprint(f, p.String()) }

// MarshalText gives dots: JSON and TOML made from a struct that holds a PIN stay silent.
func (p PIN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue gives dots to slog.
func (p PIN) LogValue() slog.Value { return slog.StringValue(p.String()) }
