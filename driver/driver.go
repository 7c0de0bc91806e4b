// Package driver is the contract between the engine's hosts and the systems that own locks: without it the engine would
// have to know every vendor. It is five verbs, one attempt each, and an error that always says whether the effect may have
// happened.
package driver

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// A Driver speaks for one account. Each method makes ONE attempt, never sleeps, never retries, starts no goroutine, and
// returns before ctx ends. It is stateless but for its token: all it needs after a restart is in Ref. Methods may be called
// concurrently for different devices; the host never has two calls in flight for one device.
type Driver interface {
	// Devices lists every device of the account, complete or with an error.
	Devices(ctx context.Context) ([]lock.Device, error)
	// Observe looks at one device. What can't be reached is an Observation with its Reach, not an error. Where nothing can be listed it
	// tells of known.Refs alone, and only of those that Set called pending: what is not told of was not done.
	Observe(ctx context.Context, id lock.DeviceID, known Known) (lock.Observation, error)
	// Set makes the device hold want. at "" writes a new credential; else the one at that Ref is changed in place. It is
	// idempotent by want.Code: setting what is set succeeds.
	Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error)
	// Clear makes the device forget the credential at ref. Absent is success. Where nothing can be listed, an erase that the cloud has
	// taken and the lock not yet done is an Ambiguous error with the time after which to ask again, by another Clear.
	Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error
	// Close frees what the driver holds. No method is called after it.
	Close() error
}

// Known is what the engine already knows of a device when it asks for a look.
type Known struct {
	Refs  []lock.Ref  // the credentials it believes to be there
	Since lock.Cursor // entries after this one are wanted
}

// Notice says "look at this device"; it never carries the new state. Device "" means every device of the account.
type Notice struct {
	Account lock.AccountID
	Device  lock.DeviceID
}

// Inbound is a vendor's webhook request as it arrived.
type Inbound struct {
	Method string
	Path   string // with its query
	Header http.Header
	Body   []byte
}

// Reply is what the vendor is to be answered.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// A Receiver understands its vendor's webhooks. Receive is pure and verifies the signature.
type Receiver interface {
	Receive(ctx context.Context, in Inbound) (Reply, []Notice, error)
}

// A Subscriber can ask its vendor to push to a URL.
type Subscriber interface {
	Subscribe(ctx context.Context, url string) error
	Unsubscribe(ctx context.Context) error
}

// A Receiver that is ByHand has a vendor whom its operator alone can tell where to post. It may be a Subscriber, which then asks for the
// events and not for the URL.
type ByHand interface{ URLByHand() }

// A Bolt can be moved remotely.
type Bolt interface {
	Lock(ctx context.Context, id lock.DeviceID) error
	Unlock(ctx context.Context, id lock.DeviceID) error
}

// Kind says whether a failed call may have had its effect, and if not, why.
type Kind uint8

// The kinds. Ambiguous is the zero value on purpose: an unclassified error is treated with caution.
const (
	Ambiguous    Kind = iota // it may have happened: observe before trying again
	Offline                  // the lock or its hub can't be reached; nothing changed
	Throttled                // too many requests; try after RetryAfter
	Unauthorized             // the account's login is refused
	Rejected                 // the credential breaks a rule of the lock; the same call fails again
	Full                     // no free slot
	Taken                    // the PIN (or name) stands on the lock already
	Unsupported              // the device can't do this
	NotFound                 // no such device
)

var kindNames = [...]string{"ambiguous", "offline", "throttled", "unauthorized", "rejected", "full", "taken", "unsupported", "not_found"}

func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return kindNames[Ambiguous]
	}
	return kindNames[k]
}

// Definite reports whether the effect certainly did not happen.
func (k Kind) Definite() bool { return k != Ambiguous }

// Blame says which layer failed.
type Blame uint8

// The layers.
const (
	BlameUnknown Blame = iota
	BlameCloud
	BlameAccount
	BlameHub
	BlameLock
	BlameRequest
)

var blameNames = [...]string{"unknown", "cloud", "account", "hub", "lock", "request"}

func (b Blame) String() string {
	if int(b) >= len(blameNames) {
		return blameNames[BlameUnknown]
	}
	return blameNames[b]
}

// MarshalText writes the layer's name.
func (b Blame) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads a layer's name; an unknown one is BlameUnknown.
func (b *Blame) UnmarshalText(text []byte) error {
	*b = BlameUnknown
	for i, n := range blameNames {
		if n == string(text) {
			*b = Blame(i)
		}
	}
	return nil
}

// Error is every driver's error.
type Error struct {
	Op         string // observe, set, clear, devices
	Device     lock.DeviceID
	Kind       Kind
	Blame      Blame
	RetryAfter time.Duration // of Throttled, and of Ambiguous: it answered, and wants a pause, after which it can tell more
	Vendor     string        // the vendor's own code, as a detail for people
	Err        error
}

func (e *Error) Error() string {
	s := strings.TrimSpace(e.Op+" "+string(e.Device)) + ": " + e.Kind.String() // what asks for all devices names none
	if e.Blame != BlameUnknown {
		s += " (" + e.Blame.String() + ")"
	}
	if e.Vendor != "" {
		s += ": " + e.Vendor
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether err is a driver's error of that kind.
func Is(err error, k Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == k
}
