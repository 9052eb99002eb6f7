package art

import "testing"

func TestAClipIsPricedByItsSeconds(t *testing.T) {
	p := Prices{{Engine: "film", Currency: "USD", Prices: []Price{{Model: "reel", Price: 0.05, Per: PerSecond}, {Price: 0.02}}}}
	c := Capabilities{Engine: "film", Model: ModelRef{Name: "reel"}}
	if q := p.Quote(c, Recipe{Clip: &ClipRecipe{Seconds: 8}}); q.Amount != AmountOf(0.4) || !q.Known {
		t.Errorf("a clip of 8 seconds: %+v", q)
	}
	if q := p.Quote(c, Recipe{}); q.Amount != AmountOf(0.02) {
		t.Errorf("a picture: %+v", q)
	}
	if bad := CheckPriceTables("tables", []PriceTable{{Engine: "film", Dated: "2026-11-26", Source: "x", Currency: "USD", Prices: []Price{{Price: 1, Per: PerSecond}, {Price: 1, Per: "minute"}}}}); len(bad) != 1 {
		t.Errorf("%v", bad)
	}
}

func TestPicturesKeepTheirIdentity(t *testing.T) {
	plain, err := Recipe{Mode: ModeTextToImage}.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(plain); text != `{"engine":"","guidance_scale":0,"height":0,"mode":"text-to-image","model":{},"negative_prompt":"","prompt":"","sampler":"","seed":0,"steps":0,"width":0}` {
		t.Errorf("%s", text)
	}
	five, err := Recipe{Clip: &ClipRecipe{Seconds: 5}}.ID()
	if err != nil {
		t.Fatal(err)
	}
	if ten, err := (Recipe{Clip: &ClipRecipe{Seconds: 10}}).ID(); err != nil || ten == five {
		t.Errorf("clips of 5 and 10 seconds are one, %v", err)
	}
}
