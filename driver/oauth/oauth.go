// Package oauth keeps logins whose refresh token is spent by each use: without it each vendor's driver would have to see to it
// that a new token is kept before the old one is gone, and that two calls do not spend the same one. Its clock is the caller's.
package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/accesscodes/lockctl/driver/provider"
)

// ErrNone is returned when nobody has signed in yet.
var ErrNone = errors.New("nobody has signed in")

// early is how long before its end an access token is no longer used, so that it lasts as long as a request.
const early = time.Minute

// Tokens are what a vendor gave at the last sign-in or renewal.
type Tokens struct {
	Access  provider.Token
	Refresh provider.Token
	Expires time.Time // of Access; zero: not told
	Subject string    // what the vendor calls this login; "": nothing
}

// kept is how Tokens are written.
type kept struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh"`
	Expires time.Time `json:"expires,omitzero"`
	Subject string    `json:"subject,omitempty"`
}

// Login is the login of one account. Its methods may be called concurrently.
type Login struct {
	secrets provider.Secrets
	now     func() time.Time
	renew   Renew
	seed    provider.Token
	turn    chan struct{} // holds one: who has it reads and writes what follows
	have    Tokens
	rev     provider.Rev
}

// Renew asks the vendor once for new tokens, which may take the old ones back. Its error is the vendor's, as the driver tells it.
type Renew func(ctx context.Context, refresh provider.Token) (Tokens, error)

// New returns the login that secrets keeps. Before anything was kept, it begins with seed; zero: somebody has to sign in.
func New(secrets provider.Secrets, now func() time.Time, seed provider.Token, renew Renew) *Login {
	l := &Login{secrets: secrets, now: now, renew: renew, seed: seed, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// Save keeps the tokens of a sign-in, whatever was kept before.
func Save(ctx context.Context, secrets provider.Secrets, t Tokens) error {
	_, rev, err := secrets.Load(ctx)
	if err == nil {
		_, err = save(ctx, secrets, t, rev)
	}
	return err
}

func save(ctx context.Context, secrets provider.Secrets, t Tokens, at provider.Rev) (provider.Rev, error) {
	text, err := json.Marshal(kept{t.Access.Reveal(), t.Refresh.Reveal(), t.Expires, t.Subject})
	if err != nil {
		return 0, errors.New("the tokens can't be written")
	}
	return secrets.Save(ctx, provider.NewToken(string(text)), at)
}

// Tokens returns those to use now, renewed if they have run out.
func (l *Login) Tokens(ctx context.Context) (Tokens, error) { return l.get(ctx, provider.Token{}) }

// Instead returns others than those whose access token the vendor has just refused.
func (l *Login) Instead(ctx context.Context, refused Tokens) (Tokens, error) {
	return l.get(ctx, refused.Access)
}

func (l *Login) get(ctx context.Context, refused provider.Token) (Tokens, error) {
	select {
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
	case <-ctx.Done():
		return Tokens{}, ctx.Err()
	}
	if l.good(refused) {
		return l.have, nil
	}
	if err := l.load(ctx); err != nil || l.good(refused) {
		return l.have, err // somebody has signed in, or another process has renewed them
	}
	refresh := l.have.Refresh
	if refresh.IsZero() {
		refresh = l.seed
	}
	if refresh.IsZero() {
		return Tokens{}, ErrNone
	}
	fresh, err := l.renew(ctx, refresh)
	if err != nil {
		return Tokens{}, err
	}
	if fresh.Refresh.IsZero() {
		fresh.Refresh = refresh // a vendor that tells no other goes on with the one it has given
	}
	if fresh.Subject == "" {
		fresh.Subject = l.have.Subject
	}
	fresh.Expires = fresh.Expires.UTC()
	// The old ones are spent: what is new is kept before it is used, also when whoever asked for it has left.
	rev, err := save(context.WithoutCancel(ctx), l.secrets, fresh, l.rev)
	switch {
	case errors.Is(err, provider.ErrStale):
		err = l.load(ctx)
		return l.have, err
	case err != nil:
		return Tokens{}, err
	}
	l.have, l.rev = fresh, rev
	return fresh, nil
}

// good reports whether the tokens at hand can be used, the refused one apart.
func (l *Login) good(refused provider.Token) bool {
	t := l.have
	return !t.Access.IsZero() && t.Access != refused && (t.Expires.IsZero() || l.now().Before(t.Expires.Add(-early)))
}

// load reads what was kept since.
func (l *Login) load(ctx context.Context) error {
	token, rev, err := l.secrets.Load(ctx)
	if err != nil || rev == l.rev {
		return err
	}
	var k kept
	if json.Unmarshal([]byte(token.Reveal()), &k) != nil {
		return errors.New("what was kept of the login can't be read: sign in again")
	}
	l.have, l.rev = Tokens{provider.NewToken(k.Access), provider.NewToken(k.Refresh), k.Expires, k.Subject}, rev
	return nil
}
