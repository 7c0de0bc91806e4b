package oauth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/oauth"
	"github.com/accesscodes/lockctl/driver/provider"
)

// vendor gives tokens of which each refresh token can be used once.
type vendor struct {
	valid string
	asked int
	now   time.Time
}

var errSpent = errors.New("spent")

func (v *vendor) renew(_ context.Context, refresh provider.Token) (oauth.Tokens, error) {
	v.asked++
	if refresh.Reveal() != v.valid {
		return oauth.Tokens{}, errSpent
	}
	v.valid += "'"
	return oauth.Tokens{Access: provider.NewToken("access of " + v.valid), Refresh: provider.NewToken(v.valid), Expires: v.now.Add(24 * time.Hour)}, nil
}

func (v *vendor) clock() time.Time { return v.now }

func TestALoginIsRenewedWhenItRunsOutOrIsRefused(t *testing.T) {
	v := &vendor{valid: "r", now: time.Unix(0, 0).UTC()}
	var kept provider.MemorySecrets
	l := oauth.New(&kept, v.clock, provider.NewToken("r"), v.renew)
	first, err := l.Tokens(t.Context())
	drivertest.Must(t, err)
	same, err := l.Tokens(t.Context())
	drivertest.Must(t, err)
	if same != first || v.asked != 1 {
		t.Errorf("the vendor was asked %d times for one day's token", v.asked)
	}
	v.now = v.now.Add(24*time.Hour - 30*time.Second)
	second, err := l.Tokens(t.Context())
	drivertest.Must(t, err)
	third, err := l.Instead(t.Context(), second)
	drivertest.Must(t, err)
	if second.Access == first.Access || third.Access == second.Access || v.asked != 3 {
		t.Errorf("a token that has run out or was refused is used again; asked %d times", v.asked)
	}
	if again, err := l.Instead(t.Context(), second); err != nil || again != third {
		t.Errorf("two calls that were refused the same token get %v, and renew it twice: %v", again, err)
	}
}

// What was spent is never lost: the new tokens are kept before they are used, and found after a restart.
func TestNewTokensAreKeptBeforeTheyAreUsed(t *testing.T) {
	v := &vendor{valid: "r", now: time.Unix(0, 0).UTC()}
	var kept provider.MemorySecrets
	ctx, leave := context.WithCancel(t.Context())
	l := oauth.New(&kept, v.clock, provider.NewToken("r"), func(ctx context.Context, r provider.Token) (oauth.Tokens, error) {
		leave()
		return v.renew(ctx, r)
	})
	first, err := l.Tokens(ctx)
	drivertest.Must(t, err)
	after := oauth.New(&kept, v.clock, provider.NewToken("r"), v.renew)
	if found, err := after.Tokens(t.Context()); err != nil || found != first {
		t.Errorf("after a restart the tokens are %v: %v", found, err)
	}
	// A second process renews them; the first one finds out without spending anything.
	second, err := after.Instead(t.Context(), first)
	drivertest.Must(t, err)
	if found, err := l.Instead(t.Context(), first); err != nil || found != second || v.asked != 2 {
		t.Errorf("what another process has renewed is renewed once more: asked %d times, %v", v.asked, err)
	}
}

// A call that comes while another renews the login waits for nobody: it goes on with the token that is good yet, or comes again.
func TestWhileALoginIsRenewed(t *testing.T) {
	v := &vendor{valid: "r", now: time.Unix(0, 0).UTC()}
	var l *oauth.Login
	var meanwhile oauth.Tokens
	var failed error
	l = oauth.New(&provider.MemorySecrets{}, v.clock, provider.NewToken("r"), func(ctx context.Context, r provider.Token) (oauth.Tokens, error) {
		meanwhile, failed = l.Tokens(ctx)
		return v.renew(ctx, r)
	})
	first, err := l.Tokens(t.Context())
	drivertest.Must(t, err)
	if e, ok := errors.AsType[*driver.Error](failed); !ok || e.Kind != driver.Throttled || e.RetryAfter <= 0 {
		t.Errorf("without a token that is good: %v", failed)
	}
	v.now = v.now.Add(24*time.Hour - 3*time.Minute)
	second, err := l.Tokens(t.Context())
	drivertest.Must(t, err)
	if failed != nil || meanwhile != first || second == first || v.asked != 2 {
		t.Errorf("while it is good yet: %v; asked %d times", failed, v.asked)
	}
}

func TestNobodyHasSignedIn(t *testing.T) {
	v := &vendor{valid: "r", now: time.Unix(0, 0).UTC()}
	var kept provider.MemorySecrets
	l := oauth.New(&kept, v.clock, provider.Token{}, v.renew)
	if _, err := l.Tokens(t.Context()); !errors.Is(err, oauth.ErrNone) {
		t.Errorf("without a sign-in: %v", err)
	}
	drivertest.Must(t, oauth.Save(t.Context(), &kept, oauth.Tokens{Access: provider.NewToken("a"), Refresh: provider.NewToken("r"), Subject: "house"}))
	if got, err := l.Tokens(t.Context()); err != nil || got.Access.Reveal() != "a" {
		t.Errorf("after a sign-in: %v", err)
	}
	if got, err := l.Instead(t.Context(), oauth.Tokens{Access: provider.NewToken("a")}); err != nil || got.Subject != "house" {
		t.Errorf("renewed, the login is called %q: %v", got.Subject, err)
	}
	if _, err := oauth.New(&kept, v.clock, provider.Token{}, func(context.Context, provider.Token) (oauth.Tokens, error) {
		return oauth.Tokens{}, errSpent
	}).Instead(t.Context(), oauth.Tokens{Access: provider.NewToken("access of r'")}); !errors.Is(err, errSpent) {
		t.Errorf("the vendor's refusal gives %v", err)
	}
}
