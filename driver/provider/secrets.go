package provider

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// Token is what a login is carried on with: a refresh token, a session, a key of this device. It is silent: every way of
// printing, logging or marshalling it gives dots.
type Token struct{ text string }

// NewToken makes a token of what a vendor gave.
func NewToken(text string) Token { return Token{text} }

// Reveal returns what the vendor gave. Only a request to that vendor and the place that keeps tokens may call it.
func (t Token) Reveal() string { return t.text }

// IsZero reports whether there is none.
func (t Token) IsZero() bool { return t.text == "" }

// String gives dots, or "" for no token.
func (t Token) String() string {
	if t.IsZero() {
		return ""
	}
	return "••••"
}

// GoString implements fmt.GoStringer.
func (t Token) GoString() string { return t.String() }

// MarshalText implements encoding.TextMarshaler.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue implements slog.LogValuer.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Rev counts the tokens that were saved for an account; 0: none yet.
type Rev uint64

// ErrStale is returned by Save when another token was saved since: load it, and use that one.
var ErrStale = errors.New("another token was saved since this one was loaded")

// Secrets keeps the one token of an account that changes while it is used. A vendor that gives a new refresh token with each
// use takes the old one back, so a new one is saved before it is used.
type Secrets interface {
	// Load returns what was saved last; the zero token at 0: nothing yet.
	Load(ctx context.Context) (Token, Rev, error)
	// Save replaces the token of that revision and returns its own. It is durable when it returns. ErrStale: it was replaced
	// before.
	Save(ctx context.Context, t Token, at Rev) (Rev, error)
}

// MemorySecrets keeps a token as long as the process lives: for simulated accounts and tests. The zero value holds none.
type MemorySecrets struct {
	mu    sync.Mutex
	token Token
	rev   Rev
}

// Load implements Secrets.
func (m *MemorySecrets) Load(context.Context) (Token, Rev, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.token, m.rev, nil
}

// Save implements Secrets.
func (m *MemorySecrets) Save(_ context.Context, t Token, at Rev) (Rev, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at != m.rev {
		return 0, ErrStale
	}
	m.token, m.rev = t, m.rev+1
	return m.rev, nil
}
