package provenance

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"presswerk/internal/imaging"
	"presswerk/internal/testkit"
)

// stampingAuthority is an RFC 3161 authority on this machine.
func stampingAuthority(t testing.TB) Authority {
	t.Helper()
	url, roots := testkit.Stamps(t)
	return Authority{Address: func() (string, error) { return url, nil }, Roots: roots}
}

func TestAMasterIsTimeStamped(t *testing.T) {
	l, id := library(t), identity(t)
	id.Authority = stampingAuthority(t)
	claim := generated()
	claim.Stamp = true
	for _, f := range []imaging.Format{imaging.PNG, imaging.JPEG} {
		s, err := l.Sign(t.Context(), id, f.MIME(), picture(t, f), claim)
		if err != nil || !s.Stamped {
			t.Fatalf("%v %s", err, s.Owed)
		}
		r, err := l.Read(t.Context(), f.MIME(), s.Data, id.Anchors())
		if err != nil || r.State != Trusted || r.StampedAt == nil || time.Since(*r.StampedAt).Abs() > time.Hour {
			t.Errorf("%s: %+v, %v", f, r, err)
		}
	}
}

func TestAStampThatCantBeHadIsOwedAndStampedLater(t *testing.T) {
	l, id := library(t), identity(t)
	authority := stampingAuthority(t)
	id.Authority = authority
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	id.Authority.Address = func() (string, error) { return closed.URL, nil }
	claim := generated()
	claim.Stamp = true
	s, err := l.Sign(t.Context(), id, "image/png", picture(t, imaging.PNG), claim)
	if err != nil || s.Stamped || s.Owed == "" {
		t.Fatalf("%v %+v", err, s.Owed)
	}
	r, err := l.Read(t.Context(), "image/png", s.Data, id.Anchors())
	if err != nil || r.State != Trusted || r.StampedAt != nil {
		t.Errorf("%+v, %v", r, err)
	}
	id.Authority = authority
	later, err := l.Stamp(t.Context(), id, Software{"Presswerk", "test"}, "image/png", s.Data)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = l.Read(t.Context(), "image/png", later, id.Anchors()); err != nil || r.State != Trusted || r.StampedAt == nil {
		t.Errorf("%+v, %v", r, err)
	}
	if r.Title != claim.Title || r.Parameters["com.presswerk.seed"] != float64(42) {
		t.Errorf("what the picture says of itself was lost: %+v", r)
	}
}
