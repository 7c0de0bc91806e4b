package cognito

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/rest"
)

// Session keeps one user signed in. Two calls at once that find no token sign in both: nobody waits for another's request, and
// the service takes no token back because there is a newer one.
type Session struct {
	Pool     *Pool
	User     string
	Password string
	Secrets  provider.Secrets // the refresh token outlives the process in it

	mu   sync.Mutex
	held Tokens
}

// Login says who signs in where. The names are those that settings have.
type Login struct {
	Pool     string // user_pool
	URL      string // auth_url; "": Amazon's of the pool's region
	Client   string // client_id
	Secret   string // client_secret; "": the app has none
	User     string
	Password string
}

// Open returns a session that has not signed in yet. The error names the setting and the rule.
func Open(env provider.Env, l Login) (*Session, error) {
	region, err := Region(l.Pool)
	if err != nil {
		return nil, fmt.Errorf("user_pool: %w", err)
	}
	api, err := rest.NewClient(env.HTTP, cmp.Or(l.URL, Endpoint(region)))
	if err != nil {
		return nil, errors.New("auth_url: must be the address of a server, as in " + Endpoint("us-west-2"))
	}
	return &Session{
		Pool: &Pool{ID: l.Pool, Client: l.Client, Secret: l.Secret, API: api, Now: env.Now, Rand: env.Rand},
		User: l.User, Password: l.Password, Secrets: env.Secrets,
	}, nil
}

// early is how long before its end a token is replaced.
const early = 5 * time.Minute

// Tokens returns tokens that hold a while, and signs in for them if it must: by the refresh token, and if that is refused by the
// password.
func (s *Session) Tokens(ctx context.Context) (Tokens, error) {
	if t := s.load(); s.Pool.Now().Add(early).Before(t.Until) {
		return t, nil
	}
	saved, at, err := s.Secrets.Load(ctx)
	if err != nil {
		return Tokens{}, fail(driver.Offline, driver.BlameUnknown, "", err)
	}
	if user, refresh, ok := strings.Cut(saved.Reveal(), " "); ok {
		t, err := s.Pool.Refresh(ctx, user, provider.NewToken(refresh))
		if err == nil {
			s.keep(t)
			return t, nil
		}
		if !driver.Is(err, driver.Unauthorized) {
			return Tokens{}, err
		}
	}
	t, asked, err := s.Pool.SignIn(ctx, s.User, s.Password)
	switch {
	case err != nil:
		return Tokens{}, err
	case asked.Name != "":
		return Tokens{}, fail(driver.Unauthorized, driver.BlameAccount, asked.Name, errors.New("somebody has to sign in"))
	}
	if err := save(ctx, s.Secrets, t, at); err != nil {
		return Tokens{}, err
	}
	s.keep(t)
	return t, nil
}

// Do makes one request to a vendor's API as whoever is signed in; header says what of that it is to carry. Tokens that are refused with
// 401 are replaced once. The error is a *driver.Error of the call.
func (s *Session) Do(ctx context.Context, api *rest.Client, c rest.Call, method, path string, header func(Tokens) http.Header, body any, writes bool) (rest.Answer, error) {
	for last := false; ; last = true {
		t, err := s.Tokens(ctx)
		if err != nil {
			e, ok := errors.AsType[*driver.Error](err)
			if !ok {
				e = c.Fail(driver.Offline, driver.BlameUnknown, "")
				e.Err = err
			}
			e.Op, e.Device = c.Op, c.Device
			return rest.Answer{}, e
		}
		answer, err := api.Do(ctx, method, path, header(t), body)
		switch {
		case err != nil:
			return answer, c.Unanswered(err, writes)
		case answer.Status != http.StatusUnauthorized:
			return answer, nil
		}
		if s.drop(t); last {
			return answer, nil
		}
	}
}

// drop forgets tokens that the vendor has refused, unless they were replaced already.
func (s *Session) drop(t Tokens) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held.Access == t.Access {
		s.held = Tokens{}
	}
}

func (s *Session) load() Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *Session) keep(t Tokens) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = t
}

// save keeps the refresh token, behind the user that it is of and a blank. One that somebody else has saved meanwhile is as good.
func save(ctx context.Context, secrets provider.Secrets, t Tokens, at provider.Rev) error {
	if t.Refresh.IsZero() {
		return nil
	}
	if _, err := secrets.Save(ctx, provider.NewToken(t.User+" "+t.Refresh.Reveal()), at); err != nil && !errors.Is(err, provider.ErrStale) {
		return fail(driver.Offline, driver.BlameUnknown, "", err)
	}
	return nil
}

// A Guide answers the challenges that only its vendor knows; ok is false for one that it does not know.
type Guide func(ctx context.Context, c Challenge, ask provider.Ask) (answers map[string]string, ok bool, err error)

// challenges bounds what a pool may ask in one sign-in.
const challenges = 8

// Ask signs in with a person's help and saves the token. The codes of text messages and of authenticator apps are asked for; what
// else the pool wants to know the guide answers, which may be nil.
func (s *Session) Ask(ctx context.Context, ask provider.Ask, guide Guide) error {
	_, at, err := s.Secrets.Load(ctx)
	if err != nil {
		return err
	}
	t, c, err := s.Pool.SignIn(ctx, s.User, s.Password)
	for range challenges {
		if err != nil {
			return err
		}
		if c.Name == "" {
			s.keep(t)
			return save(ctx, s.Secrets, t, at)
		}
		var answers map[string]string
		if answers, err = answersTo(ctx, c, ask, guide); err == nil {
			t, c, err = s.Pool.Answer(ctx, c, answers)
		}
	}
	return errors.New("the sign-in asks for more and more")
}

func answersTo(ctx context.Context, c Challenge, ask provider.Ask, guide Guide) (map[string]string, error) {
	by, text := "", ""
	switch c.Name {
	case "SMS_MFA":
		by, text = "SMS_MFA_CODE", "the code that was sent to "+cmp.Or(c.Told["CODE_DELIVERY_DESTINATION"], "your phone")
	case "SOFTWARE_TOKEN_MFA":
		by, text = "SOFTWARE_TOKEN_MFA_CODE", "the code that your authenticator app shows"
	default:
		if guide != nil {
			if answers, ok, err := guide(ctx, c, ask); ok || err != nil {
				return answers, err
			}
		}
		return nil, fail(driver.Unauthorized, driver.BlameAccount, c.Name, errors.New("the vendor's app has to be used for this sign-in"))
	}
	code, err := ask(ctx, provider.Question{Text: text})
	return map[string]string{by: code}, err
}
