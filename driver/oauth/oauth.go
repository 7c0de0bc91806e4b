// Package oauth keeps logins whose refresh token is spent by each use: without it each vendor's driver would have to see to it
// that a new token is kept before the old one is gone, and that two calls do not spend the same one. Its clock is the caller's.
package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
)

// ErrNone is within the error of a login to which nobody has signed in yet.
var ErrNone = errors.New("nobody has signed in")

// early is how long before its end an access token is renewed. Until its end it can be used while that is under way.
const early = 5 * time.Minute

// soon is when a call is to come again that has found no token, because another call is at renewing it.
const soon = 2 * time.Second

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

	mu       sync.Mutex // never held while the vendor is asked
	renewing bool       // by one call
	have     Tokens
	rev      provider.Rev
}

// Renew asks the vendor once for new tokens, which may take the old ones back. Its error is the vendor's, as the driver tells it.
type Renew func(ctx context.Context, refresh provider.Token) (Tokens, error)

// New returns the login that secrets keeps. Before anything was kept, it begins with seed; zero: somebody has to sign in.
func New(secrets provider.Secrets, now func() time.Time, seed provider.Token, renew Renew) *Login {
	return &Login{secrets: secrets, now: now, renew: renew, seed: seed}
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

// get waits for nobody: of two calls that find the tokens spent, one renews them, and the other is to come again.
func (l *Login) get(ctx context.Context, refused provider.Token) (Tokens, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.good(refused, early) {
		return l.have, nil
	}
	if l.renewing {
		if l.good(refused, 0) {
			return l.have, nil
		}
		return Tokens{}, &driver.Error{
			Op: "sign in", Kind: driver.Throttled, Blame: driver.BlameAccount, RetryAfter: soon, Err: errors.New("another call is renewing the login"),
		}
	}
	if err := l.load(ctx); err != nil || l.good(refused, early) {
		return l.have, err // somebody has signed in, or another process has renewed them
	}
	refresh := l.have.Refresh
	if refresh.IsZero() {
		refresh = l.seed
	}
	if refresh.IsZero() {
		return Tokens{}, &driver.Error{Op: "sign in", Kind: driver.Unauthorized, Blame: driver.BlameAccount, Err: ErrNone}
	}
	fresh, err := l.ask(ctx, refresh)
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

// ask renews with the lock off.
func (l *Login) ask(ctx context.Context, refresh provider.Token) (Tokens, error) {
	l.renewing = true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.renewing = false
	}()
	return l.renew(ctx, refresh)
}

// good reports whether the tokens at hand can be used for so long yet, the refused one apart.
func (l *Login) good(refused provider.Token, before time.Duration) bool {
	t := l.have
	return !t.Access.IsZero() && t.Access != refused && (t.Expires.IsZero() || l.now().Before(t.Expires.Add(-before)))
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
