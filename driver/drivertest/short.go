package drivertest

import (
	"errors"
	"testing"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Must ends the test at what should not have gone wrong.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// PIN reads digits.
func PIN(t testing.TB, digits string) lock.PIN {
	t.Helper()
	pin, err := lock.ParsePIN(digits)
	Must(t, err)
	return pin
}

// Error is what a driver says of a failure; anything else ends the test.
func Error(t testing.TB, err error) *driver.Error {
	t.Helper()
	e, ok := errors.AsType[*driver.Error](err)
	if !ok {
		t.Fatalf("%v is no *driver.Error", err)
	}
	return e
}

// Fails reports an error of what was tried that is not of this kind and blame.
func Fails(t testing.TB, what string, err error, kind driver.Kind, blame driver.Blame) {
	t.Helper()
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != kind || e.Blame != blame {
		t.Errorf("%s: %v, not %v (%v)", what, err, kind, blame)
	}
}
