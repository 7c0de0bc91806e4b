package smartthings

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// hook is what is known of the posts of the vendor. Receive asks nobody anything: what it lacks is fetched by the next call.
type hook struct {
	keys    map[string]*rsa.PublicKey // by their ids
	wanted  string                    // the id of a key that a post was signed with; "": none is missing
	confirm string                    // the address that confirms that posts are welcome; "": nobody has asked
}

// keysAtMost bounds the keys that are kept: the vendor changes them.
const keysAtMost = 8

// post is a lifecycle message.
type post struct {
	Type         string `json:"messageType"`
	Confirmation struct {
		URL string `json:"confirmationUrl"`
	} `json:"confirmationData"`
	Event struct {
		Events []struct {
			Device device `json:"deviceEvent"`
			Health device `json:"deviceHealthEvent"`
		} `json:"events"`
	} `json:"eventData"`
}

// subscription is one that the installed app has made.
type subscription struct {
	Source     string `json:"sourceType"`
	Capability *about `json:"capability,omitempty"`
	Health     *about `json:"deviceHealth,omitempty"`
}

// about is what a subscription is about.
type about struct {
	Location   string `json:"locationId"`
	Capability string `json:"capability,omitempty"`
	Attribute  string `json:"attribute,omitempty"`
	Value      string `json:"value,omitempty"`
	Change     *bool  `json:"stateChangeOnly,omitempty"`
	Name       string `json:"subscriptionName,omitempty"`
}

// URLByHand implements driver.ByHand.
func (a *account) URLByHand() {}

// Subscribe implements driver.Subscriber. Where the vendor posts is a setting of the app, which its owner makes; this asks for the events.
func (a *account) Subscribe(ctx context.Context, _ string) error {
	c := rest.Call{Op: "subscribe"}
	path, err := a.subscriptions(ctx, c)
	if err != nil {
		return err
	}
	if err := a.fetch(ctx); err != nil {
		return err
	}
	found, err := a.list(ctx, c)
	if err != nil {
		return err
	}
	var have struct {
		Items []subscription `json:"items"`
	}
	if err := a.ask(ctx, c, path, &have); err != nil {
		return err
	}
	for _, want := range wanted(found) {
		if slices.ContainsFunc(have.Items, want.is) {
			continue
		}
		if _, err := a.do(ctx, c, http.MethodPost, path, want, true); err != nil {
			return err
		}
	}
	return nil
}

// wanted are the subscriptions for every location that has a lock.
func wanted(found []state) []subscription {
	var all []subscription
	var places []string
	for _, s := range found {
		if slices.Contains(places, s.Location) || s.Location == "" {
			continue
		}
		places = append(places, s.Location)
		for _, x := range [...]string{capLock, capCodes, capUsers, capCredentials} {
			all = append(all, subscription{Source: "CAPABILITY", Capability: &about{
				Location: s.Location, Capability: x, Attribute: "*", Value: "*", Change: new(false), Name: x + "_" + short(s.Location),
			}})
		}
		all = append(all, subscription{Source: "DEVICE_HEALTH", Health: &about{Location: s.Location, Name: "health_" + short(s.Location)}})
	}
	return all
}

// short is what is unique of a location in the name of a subscription.
func short(location string) string { return location[:min(8, len(location))] }

func (s *subscription) of() about {
	x := cmp.Or(s.Capability, s.Health)
	if x == nil {
		return about{}
	}
	return *x
}

// is reports whether two are about the same.
func (s subscription) is(other subscription) bool {
	x, y := s.of(), other.of()
	return s.Source == other.Source && x.Location == y.Location && x.Capability == y.Capability
}

// Unsubscribe implements driver.Subscriber.
func (a *account) Unsubscribe(ctx context.Context) error {
	c := rest.Call{Op: "unsubscribe"}
	path, err := a.subscriptions(ctx, c)
	if err != nil {
		return err
	}
	_, err = a.do(ctx, c, http.MethodDelete, path, nil, true)
	if driver.Is(err, driver.NotFound) {
		return nil
	}
	return err
}

// subscriptions is where those of the installed app are.
func (a *account) subscriptions(ctx context.Context, c rest.Call) (string, error) {
	if a.login == nil {
		return "", c.Fail(driver.Unsupported, driver.BlameAccount, "a personal access token belongs to no app, and events are posted to apps")
	}
	_, tokens, err := a.bearer(ctx, c, nil)
	if err != nil {
		return "", err
	}
	if tokens.Subject == "" {
		return "", c.Fail(driver.Unsupported, driver.BlameAccount, "the sign-in has told of no installed app")
	}
	return "/installedapps/" + url.PathEscape(tokens.Subject) + "/subscriptions", nil
}

// catchUp fetches what posts have asked for. That it fails costs time alone.
func (a *account) catchUp(ctx context.Context) {
	if err := a.fetch(ctx); err != nil {
		a.log.Warn("what is needed for webhooks could not be fetched", "err", err)
	}
}

func (a *account) fetch(ctx context.Context) error {
	c := rest.Call{Op: "confirm"}
	a.mu.Lock()
	confirm, wanted := a.hook.confirm, a.hook.wanted
	a.mu.Unlock()
	if u, err := url.Parse(confirm); err == nil && confirm != "" {
		client, err := rest.NewClient(a.api.HTTP, u.Scheme+"://"+u.Host)
		if err != nil {
			return err
		}
		answer, err := client.Do(ctx, http.MethodGet, u.RequestURI(), nil, nil)
		if err := judge(c, answer, err, false); err != nil {
			return err
		}
		a.mu.Lock()
		a.hook.confirm = ""
		a.mu.Unlock()
	}
	if wanted == "" {
		return nil
	}
	answer, err := a.keys.Do(ctx, http.MethodGet, wanted, nil, nil)
	if err := judge(c, answer, err, false); err != nil {
		return err
	}
	key, err := publicKey(answer.Body)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.hook.keys == nil || len(a.hook.keys) >= keysAtMost {
		a.hook.keys = map[string]*rsa.PublicKey{}
	}
	a.hook.keys[wanted], a.hook.wanted = key, ""
	return nil
}

// publicKey reads a certificate.
func publicKey(text []byte) (*rsa.PublicKey, error) {
	bad := errors.New("the vendor's certificate can't be read")
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, bad
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, bad
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, bad
	}
	return key, nil
}

// Receive implements driver.Receiver.
func (a *account) Receive(_ context.Context, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	var p post
	if err := json.Unmarshal(in.Body, &p); err != nil {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the body is not the JSON that it should be")
	}
	if p.Type == "CONFIRMATION" {
		return a.asked(p.Confirmation.URL, in)
	}
	if status, err := a.verify(in); err != nil {
		return driver.Reply{Status: status}, nil, err
	}
	var notices []driver.Notice
	for _, e := range p.Event.Events {
		for _, d := range [...]device{e.Device, e.Health} {
			n := driver.Notice{Account: a.id, Device: lock.DeviceID(prefix + d.ID)}
			if _, ok := vendorID(n.Device); ok && !slices.Contains(notices, n) {
				notices = append(notices, n)
			}
		}
	}
	return driver.Reply{Status: http.StatusOK}, notices, nil
}

// asked notes that the vendor wants to know whether its posts are welcome. Anybody could ask: an address elsewhere is not called.
func (a *account) asked(where string, in driver.Inbound) (driver.Reply, []driver.Notice, error) {
	u, err := url.Parse(where)
	own, _ := url.Parse(a.api.Base) // it was read when the account was opened
	if err != nil || u.Scheme != own.Scheme || u.Host != own.Host && (own.Scheme != "https" || !strings.HasSuffix(u.Host, ".smartthings.com")) {
		return driver.Reply{Status: http.StatusBadRequest}, nil, errors.New("the confirmation is asked for at an address that is not the vendor's")
	}
	id := signedBy(in)["keyId"]
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook.confirm = where
	if keyID.MatchString(id) && a.hook.keys[id] == nil {
		a.hook.wanted = id
	}
	// Whoever asks gets a look, which confirms: nothing else would before the next one.
	return driver.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}")}, []driver.Notice{{Account: a.id}}, nil
}

var (
	keyID = regexp.MustCompile(`^/pl/[A-Za-z0-9_/-]{1,200}$`)
	part  = regexp.MustCompile(`([A-Za-z]+)="([^"]*)"`)
)

// signedBy reads the parts of a signature.
func signedBy(in driver.Inbound) map[string]string {
	parts := map[string]string{}
	if text, ok := strings.CutPrefix(in.Header.Get("Authorization"), "Signature "); ok {
		for _, m := range part.FindAllStringSubmatch(text, 8) {
			parts[m[1]] = m[2]
		}
	}
	return parts
}

// verify checks the signature of a post: by the vendor's key, over its path and the digest of its body.
func (a *account) verify(in driver.Inbound) (int, error) {
	parts := signedBy(in)
	headers := strings.Fields(parts["headers"])
	signature, err := base64.StdEncoding.DecodeString(parts["signature"])
	if err != nil || parts["algorithm"] != "rsa-sha256" || !slices.Contains(headers, "(request-target)") || !slices.Contains(headers, "digest") {
		return http.StatusUnauthorized, errors.New("the post is not signed as it should be")
	}
	sum := sha256.Sum256(in.Body)
	digest := "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(digest), []byte(in.Header.Get("Digest"))) != 1 {
		return http.StatusUnauthorized, errors.New("the digest does not fit the body")
	}
	id := parts["keyId"]
	if !keyID.MatchString(id) {
		return http.StatusUnauthorized, errors.New("the post is signed by a key that is not the vendor's")
	}
	a.mu.Lock()
	key := a.hook.keys[id]
	if key == nil {
		a.hook.wanted = id
	}
	a.mu.Unlock()
	if key == nil {
		return http.StatusServiceUnavailable, errors.New("the vendor's key is not known yet: the next call to the vendor fetches it")
	}
	var lines []string
	for _, h := range headers {
		if h == "(request-target)" {
			lines = append(lines, h+": "+strings.ToLower(in.Method)+" "+in.Path)
		} else {
			lines = append(lines, h+": "+in.Header.Get(h))
		}
	}
	hashed := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, hashed[:], signature) != nil {
		return http.StatusUnauthorized, errors.New("the signature does not fit")
	}
	return http.StatusOK, nil
}
