package schlage

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/facade"
)

// partner is what the API for partners keeps beside what both know.
type partner struct {
	account  lock.AccountID
	code     string // the last that the page of consent gave; it is good for one token
	until    time.Time
	commands map[string]*command
	order    []*command // the oldest first
	hooks    []*subscription
	made     int
}

const (
	partnerPath   = "/schlage-home/"
	authorizePath = "/oauth2/authorize"
	tokenPath     = "/oauth2/token"

	consentLasts = 10 * time.Minute
	tokenLasts   = time.Hour
	problemType  = "application/problem+json"
)

// PartnerClient and PartnerSecret are what a partner's program signs in with.
func PartnerClient(account lock.AccountID) string { return "partner-" + string(account) }

// PartnerSecret is the secret to PartnerClient.
func PartnerSecret(account lock.AccountID) string { return "partner-secret-" + string(account) }

// PartnerKey is the subscription key, without which the partner API answers nothing.
func PartnerKey(account lock.AccountID) string { return "partner-key-" + string(account) }

// PartnerRefresh is the refresh token of a partner whom the owner of the account has let in. It does not end.
func PartnerRefresh(account lock.AccountID) string { return "partner-refresh-" + string(account) }

// wants reports whether a request is for the partner API. Its paths are the same in capitals.
func (p *partner) wants(r facade.Request) bool {
	path := strings.ToLower(r.Path)
	return strings.HasPrefix(path, partnerPath) || path == authorizePath || path == tokenPath
}

func partnerEndpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "devices", (*Cloud).partnerDevices},
		{http.MethodGet, "devices/{device}", (*Cloud).partnerDevice},
		{http.MethodGet, "devices/{device}/history", (*Cloud).history},
		{http.MethodGet, "devices/{device}/accesscodes", (*Cloud).partnerCodes},
		{http.MethodPost, "devices/{device}/accesscodes", (*Cloud).partnerAdd},
		{http.MethodPut, "devices/{device}/accesscodes", (*Cloud).partnerAdd},
		{http.MethodPut, "devices/{device}/accesscodes/{id}", (*Cloud).partnerUpdate},
		{http.MethodDelete, "devices/{device}/accesscodes/{id}", (*Cloud).partnerDelete},
		{http.MethodGet, "devices/{device}/commands/{id}", (*Cloud).showCommand},
		{http.MethodGet, "webhooks", (*Cloud).listHooks},
		{http.MethodPost, "webhooks", (*Cloud).addHook},
		{http.MethodDelete, "webhooks/{id}", (*Cloud).deleteHook},
	}
}

func (c *Cloud) servePartner(r facade.Request, reply func(facade.Reply)) {
	path := strings.ToLower(r.Path)
	switch {
	case path == authorizePath && r.Method == http.MethodGet:
		c.authorize(r, reply)
		return
	case path == tokenPath && r.Method == http.MethodPost:
		c.token(r, reply)
		return
	}
	x := request{Request: r, reply: func(a facade.Reply) { reply(problem(a)) }}
	key := cmp.Or(r.Header.Get("alle-subscription-key"), r.Header.Get("Ocp-Apim-Subscription-Key"))
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case key != PartnerKey(c.account): // the gateway in front says so, in its own way
		reply(facade.JSON(http.StatusUnauthorized, map[string]any{"statusCode": http.StatusUnauthorized, "message": "Access denied due to a missing or invalid subscription key."}))
		return
	case !c.partner.holds(token, c.fleet.Now()):
		x.refuse(http.StatusUnauthorized, "The access token is missing, invalid or expired")
		return
	}
	path = strings.TrimPrefix(path, partnerPath)
	c.route(partnerEndpoints(), strings.TrimPrefix(path, "api/"), x) // which the first version has in front
}

// authorize is the page on which the owner lets a partner in; here nobody has to be asked.
func (c *Cloud) authorize(r facade.Request, reply func(facade.Reply)) {
	to, err := url.Parse(r.Query.Get("redirect_uri"))
	if err != nil || to.Scheme == "" || r.Query.Get("client_id") != PartnerClient(c.account) || r.Query.Get("response_type") != "code" {
		reply(facade.JSON(http.StatusBadRequest, map[string]string{"error": "invalid_request"}))
		return
	}
	p := &c.partner
	p.made++
	p.code, p.until = uuid(string(c.account), "consent", strconv.Itoa(p.made)), c.fleet.Now().Add(consentLasts)
	query := to.Query()
	query.Set("code", p.code)
	if state := r.Query.Get("state"); state != "" {
		query.Set("state", state)
	}
	to.RawQuery = query.Encode()
	reply(facade.Reply{Status: http.StatusFound, Header: http.Header{"Location": {to.String()}}})
}

// token gives an access token for a code or for the refresh token. The client says who it is in the form or in the header.
func (c *Cloud) token(r facade.Request, reply func(facade.Reply)) {
	refuse := func(status int, why string) { reply(facade.JSON(status, map[string]string{"error": why})) }
	form, err := url.ParseQuery(string(r.Body))
	client, secret := form.Get("client_id"), form.Get("client_secret")
	if basic, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic "); ok {
		text, _ := base64.StdEncoding.DecodeString(basic) // what can't be read is nobody's secret
		client, secret, _ = strings.Cut(string(text), ":")
	}
	if err != nil || client != PartnerClient(c.account) || secret != PartnerSecret(c.account) {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	p := &c.partner
	now := c.fleet.Now()
	good := false
	switch form.Get("grant_type") {
	case "authorization_code":
		good = p.code != "" && form.Get("code") == p.code && now.Before(p.until)
		p.code = ""
	case "refresh_token":
		good = form.Get("refresh_token") == PartnerRefresh(c.account)
	default:
		refuse(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	if !good {
		refuse(http.StatusBadRequest, "invalid_grant")
		return
	}
	reply(facade.JSON(http.StatusOK, map[string]any{
		"access_token": p.access(now.Add(tokenLasts).Unix()), "token_type": "Bearer", "expires_in": int(tokenLasts / time.Second), "refresh_token": PartnerRefresh(c.account),
	}))
}

// access is the access token that ends then, in seconds of the epoch.
func (p *partner) access(until int64) string {
	n := strconv.FormatInt(until, 10)
	return n + "." + uuid(string(p.account), "partner access", n)
}

// holds reports whether an access token is one of ours and has not ended.
func (p *partner) holds(token string, now time.Time) bool {
	text, _, _ := strings.Cut(token, ".")
	until, err := strconv.ParseInt(text, 10, 64)
	return err == nil && token == p.access(until) && now.Unix() < until
}

// problem is a refusal as RFC 7807 has it, made of one that the app would get. What is no refusal stays as it is.
func problem(a facade.Reply) facade.Reply {
	if a.Broken || a.Status < http.StatusBadRequest || a.Header.Get("Content-Type") == problemType {
		return a
	}
	var said struct{ Message string }
	_ = json.Unmarshal(a.Body, &said) // a page of HTML says nothing
	return problemOf(a, said.Message, failed)
}

func problemOf(a facade.Reply, message string, code int) facade.Reply {
	title := http.StatusText(a.Status)
	word := strings.ReplaceAll(title, " ", "")
	if a.Status == http.StatusBadGateway || a.Status == http.StatusGatewayTimeout {
		word = "ResourceProvider" + word
	}
	x := facade.JSON(a.Status, map[string]any{
		"type":  "https://api.allegion.com/errors/producers/SchlageHomeAPI/errorcodes/" + word,
		"title": title, "status": a.Status,
		"errors": map[string][]string{"Error Code: " + strconv.Itoa(code): {cmp.Or(message, title)}},
	})
	x.Header.Set("Content-Type", problemType)
	if wait := a.Header.Get("Retry-After"); wait != "" {
		x.Header.Set("Retry-After", wait)
	}
	return x
}

// lockStates are the words for the states of the bolt.
func lockStates() [3]string {
	return [3]string{stateOpen: "Unlocked", stateLocked: "Locked", stateJammed: "Jammed"}
}

// partnerView is a lock as partners see it. Of one that can't be reached they see little.
func (c *Cloud) partnerView(d *door) map[string]any {
	connected := c.fleet.Shown(d.of.ID) == lock.Reached
	x := map[string]any{"deviceId": d.id, "name": d.of.Name, "modelName": "BE489WB", "connected": connected, "timeZone": cmp.Or(d.of.Traits.Zone, "UTC")}
	if connected {
		x["lockState"], x["batteryLevel"], x["accessCodeLength"] = lockStates()[c.state(d)], int(c.fleet.Charge(d.of.ID)*100), c.length(d)
	}
	return x
}

func (c *Cloud) partnerDevices(r *request) {
	c.reach(r, func() {
		all := []any{}
		for _, d := range c.order {
			all = append(all, c.partnerView(d))
		}
		r.json(map[string]any{"devices": all})
	})
}

func (c *Cloud) partnerDevice(r *request) {
	c.look(r, r.door, func(lock.Observation) { r.json(c.partnerView(r.door)) })
}

// accessor is who did something at a lock.
type accessor struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"friendlyName,omitempty"`
	Type string `json:"accessType"`
}

// happening is a line of a lock's history.
type happening struct {
	ID       string   `json:"id"`
	Time     string   `json:"timestamp"`
	Code     string   `json:"eventCode"`
	Accessor accessor `json:"accessor"`

	code int // as the app has it
}

// happenings are the lines of the log, in other words, the oldest first. They are by the lock's own time of the day if local.
func (c *Cloud) happenings(d *door, local bool) []happening {
	place := time.UTC
	if zone, err := time.LoadLocation(d.of.Traits.Zone); err == nil && local {
		place = zone
	}
	words := map[int][2]string{
		lockedByKeypad: {"Locked", "1TouchLocking"}, unlockedByKeypad: {"Unlocked", "AccessCode"}, lockedByApp: {"Locked", "VirtualKey"}, unlockedByApp: {"Unlocked", "VirtualKey"},
		keypadDisabled: {"KeypadDisabled", "AccessTypeUnavailable"}, codeAdded: {"AccessCodeUserAdded", "AccessCode"}, codeDeleted: {"AccessCodeUserDeleted", "AccessCode"},
	}
	names := map[string]string{c.owner().Identity: c.owner().Name}
	for _, m := range c.fleet.Listed(d.of.ID) {
		names[codeID(d, m.Ref)] = m.Name
	}
	var all []happening
	for _, l := range c.log(d) {
		w := words[l.Message.Code]
		by := accessor{l.Message.Accessor, names[l.Message.Accessor], w[1]}
		if by.ID == nobody {
			by.ID = ""
		}
		all = append(all, happening{l.ID, l.at.In(place).Format("2006-01-02T15:04:05-07:00"), w[0], by, l.Message.Code})
	}
	return all
}

// history shows the newest lines first.
func (c *Cloud) history(r *request) {
	limit, err := strconv.Atoi(cmp.Or(r.Query.Get("limit"), strconv.Itoa(linesAsked)))
	if err != nil || limit < 1 {
		r.refuse(http.StatusBadRequest, "Invalid limit")
		return
	}
	c.look(r, r.door, func(lock.Observation) {
		all := c.happenings(r.door, r.Query.Get("deviceLocalTime") == "true")
		slices.Reverse(all)
		r.json(append([]happening{}, all[:min(limit, linesAtMost, len(all))]...))
	})
}
