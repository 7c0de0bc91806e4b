package simtest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/sim/simtest"
)

func TestAGuestGetsInAlthoughTheLockWasOffline(t *testing.T) {
	locks := simtest.Start(t, "")
	desk := frontDesk{locks.URL, locks.Key} // your software, told where the locks are
	arrives := locks.Now().Add(time.Hour)
	digits := desk.checkIn(t, "front", arrives, arrives.Add(48*time.Hour))
	locks.Break("front", "offline", 45*time.Minute)
	locks.Advance(61 * time.Minute)
	if try := locks.Type("front", digits); !try.Opens {
		t.Errorf("the guest stands before a closed door: %s", try.Reason)
	}
}

// frontDesk stands for the software that is tested.
type frontDesk struct{ url, key string }

func (d frontDesk) checkIn(t *testing.T, door string, from, to time.Time) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"device_id": door, "starts_at": from, "ends_at": to})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/access_codes/create", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		AccessCode struct{ Code string } `json:"access_code"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return got.AccessCode.Code
}
