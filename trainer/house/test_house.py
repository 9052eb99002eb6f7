"""Fast checks of the house model's parts, on little numbers: python -m unittest trainer.house.test_house"""

import random
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from trainer.train.house import Branch

from . import abilities, backbone, burn, card, colour, critic, curve, draw, export, export_eyes, eyes, measure, pack, phase_prior, recolour, released, sprites
from .house import LOG_VARIANCES, House, Mix, alphas, logarithm, settled
from .layout import POSES, hats, lay_out, over, turn
from .nets import COMPONENTS, Even, Grade, Prior, Sharpener
from .scenes import Director, paste, render
from .settings import COARSE, COLOURS, PAINTS, PLACES, SHARP, STYLE_NAMES, TEXT_WIDTH
from .sprites import resized

torch.set_num_threads(1)


class FewIcons:
    """Eight discs: two subjects in four styles."""

    def __init__(self, side=32):
        y, x = np.mgrid[:side, :side] - (side - 1) / 2
        disc = (np.hypot(x, y) < side / 2 - 1).astype(np.uint8) * 255
        self.pixels = np.zeros((8, side, side, 4), np.uint8)
        self.records = []
        for i in range(8):
            self.pixels[i, ..., :3] = (130, 130, 130) if i % 2 else (220, 60, 50)
            self.pixels[i, ..., 3] = disc
            name = "gray ball" if i % 2 else "tomato"
            self.records.append({"name": name, "style": STYLE_NAMES[i // 2], "tags": [], "spoken": [], "group": 4})
        self.subjects = ["gray ball", "tomato"]
        self.of_style = {s: [2 * k, 2 * k + 1] for k, s in enumerate(STYLE_NAMES)}

    def __len__(self):
        return 8


class Recolouring(unittest.TestCase):
    def test_there_and_back(self):
        rgb = np.random.default_rng(0).integers(0, 256, (64, 3), dtype=np.uint8)
        self.assertLessEqual(np.abs(recolour.srgb(recolour.oklab(rgb)).astype(int) - rgb).max(), 1)

    def test_only_the_main_colour(self):
        """A red disc with a white third becomes green; the white stays."""
        rgba = np.full((32, 32, 4), 255, np.uint8)
        rgba[:, :21, :3] = (220, 60, 50)
        painted = recolour.paint(rgba, recolour.main_colour(rgba), PAINTS["green"])
        self.assertLess(colour.delta_e(colour.lab(painted[5, 5, :3]), colour.lab(PAINTS["green"])), 12)
        self.assertLessEqual(np.abs(painted[5, 30, :3].astype(int) - 255).max(), 2)
        self.assertTrue((painted[..., 3] == rgba[..., 3]).all())


class Scenes(unittest.TestCase):
    def test_shown_as_asked(self):
        """The caption names what is drawn, pairs that are barred never come, and the ground has its colour."""
        icons = FewIcons()
        colours = np.stack([recolour.main_colour(p) for p in icons.pixels])
        director, rng = Director(icons, colours, {("3d", "tomato")}), random.Random(0)
        for _ in range(300):
            s = director.scene(rng)
            for name, layer in zip(s.names, s.layers, strict=True):
                self.assertIn(name.split()[-1], s.caption)
                self.assertTrue(layer.paint is None or layer.paint in s.caption)
                self.assertNotEqual((icons.records[layer.icon]["style"], name), ("3d", "tomato"))
        picture = render(s, icons, colours, 64)
        self.assertEqual(picture.shape, (64, 64, 3))
        self.assertLess(np.abs(picture[0, 0] - np.array(s.top)).max(), 3)

    def test_seeds_differ(self):
        """In how drawings stand, and in nothing else."""
        icons = FewIcons()
        icons.pixels[:, :, :12, 3] = 0
        s = Director(icons, np.full((8, 3), np.nan, np.float32)).scene(random.Random(3))
        found = set()
        for s.seed in range(60):
            one = render(s, icons, None, 64)
            self.assertTrue((render(s, icons, None, 64) == one).all())
            found.add(one.tobytes())
        self.assertEqual(len(found), len(POSES))


class Layout(unittest.TestCase):
    def laid(self, stand, height, width, sprite=None):
        rows, columns, mirrored = hats(torch.tensor([stand]), height, width, COARSE)
        sprite = torch.ones(1, 4, COARSE, COARSE) if sprite is None else sprite
        return rows @ sprite @ columns, rows @ sprite @ mirrored

    def test_place_and_size(self):
        """A drawing covers its square, in pictures that aren't square too, and nothing else; inside there is no ripple."""
        for height, width in ((128, 128), (64, 128), (96, 40)):
            there, _ = self.laid([0.5, 0.25, 0.42], height, width)
            side = 0.42 * min(height, width)
            self.assertAlmostEqual(float(there[0, 3].sum()) ** 0.5, side, delta=1.5)
            y, x = round(0.25 * height), width // 2
            inner = int(side / 2) - 3
            part = there[0, 3, y - inner : y + inner, x - inner : x + inner]
            self.assertLess(float((part - 1).abs().max()), 1e-5)
            self.assertEqual(float(there[0, 3, -3:].abs().max()), 0)

    def test_mirrored(self):
        sprite = torch.rand(1, 4, COARSE, COARSE)
        plain, mirrored = self.laid([0.5, 0.5, 0.8], 64, 64, sprite)
        self.assertLess(float((plain.flip(-1) - mirrored).abs().max()), 1e-5)

    def test_over(self):
        ground, layer = torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 4, 2, 2)
        layer[:, :, 0] = torch.tensor([0.2, 0.1, 0.0, 1.0])[None, :, None]
        found = over(layer, ground)
        self.assertTrue(torch.allclose(found[0, :, 0, 0], torch.tensor([0.2, 0.1, 0.0])))
        self.assertTrue(torch.allclose(found[0, :, 1, 0], torch.full((3,), 0.5)))

    def test_padding_is_not_read(self):
        prior, e = Prior(blocks=1, width=32).eval().requires_grad_(False), torch.randn(2, 7, TEXT_WIDTH)
        longer = torch.cat([e, torch.zeros(2, 5, TEXT_WIDTH)], 1)
        self.assertLess(float((prior.read(e) - prior.read(longer)).abs().max()), 1e-5)

    def test_coarse_is_premultiplied(self):
        rgba = np.full((COARSE, COARSE, 4), 200, np.uint8)
        rgba[..., 3] = 0
        self.assertEqual(float(np.abs(resized(rgba)).max()), 0)


class Foreseeing(unittest.TestCase):
    def test_the_noise_decides_the_pose(self):
        """How likely each pose is, is what Bayes' rule gives from noise around what the poses look like, and from how often they come."""
        torch.manual_seed(5)
        mix, at = Mix(), torch.tensor([999, 800, 400, 40])
        s = torch.rand(4, len(POSES), 8, 2, 2) + 0.1
        looks, one = torch.randn(4, len(POSES), 8, 2, 2) * 0.4, (torch.arange(4), torch.tensor([0, 1, 5, 2]))
        z = looks[one] + s[one] ** 0.5 * torch.randn(4, 8, 2, 2)
        a = alphas()[at][:, None, None, None]
        noisy = a.sqrt() * z + (1 - a).sqrt() * torch.randn_like(z)
        got = mix.poses(at, noisy, looks, s)
        shares = torch.tensor([share for *_, share in POSES])
        for k in range(4):
            spread = (1 - a[k] + s[k] * a[k]).sqrt()
            likely = torch.stack([torch.distributions.Normal(a[k].sqrt() * m, d).log_prob(noisy[k]).sum() for m, d in zip(looks[k], spread, strict=True)])
            likely = likely.softmax(0) * shares
            self.assertLess(float((got[k] - likely / likely.sum()).abs().max()), 1e-4)

    def test_logarithm(self):
        """Of every variance that there may be, and near 1 closely."""
        x = torch.tensor([-5.0, 1.0, 0.0, -9.0, *LOG_VARIANCES]).exp()
        self.assertLess(float((logarithm(x) - x.log()).abs().max()), 0.008)
        self.assertLess(float((logarithm(x[:3]) - x[:3].log()).abs().max()), 0.006)

    def test_mean_and_variance_of_all_poses(self):
        """While nothing is known of the pose, what is foreseen has the mean and the variance of pictures in every pose."""
        torch.manual_seed(5)
        mix = Mix()
        mix.alphas.zero_()
        looks, s = torch.randn(1, len(POSES), 8, 1, 1), torch.rand(1, len(POSES), 8, 1, 1)
        g, variance = mix.choose(torch.tensor([999]), torch.randn(1, 8, 1, 1), looks, s)
        drawn = random.Random(0).choices(range(len(POSES)), [share for *_, share in POSES], k=40000)
        z = looks[0, drawn, :, 0, 0] + s[0, drawn, :, 0, 0].sqrt() * torch.randn(len(drawn), 8)
        self.assertLess(float((z.mean(0) - g[0, :, 0, 0]).abs().max()), 0.03)
        self.assertLess(float((z.var(0) / variance[0, :, 0, 0] - 1).abs().max()), 0.05)

    def test_foreseen_as_well_as_can_be(self):
        """v from noise and what was foreseen, before the UNet says anything, is the mean that Bayes' rule gives; and what the UNet sees
        of the difference has unit variance."""
        torch.manual_seed(5)
        mix, at, s = Mix(), torch.tensor([999, 800, 400, 40]), torch.rand(4, 8, 32, 32) + 0.01
        g = torch.randn(4, 8, 32, 32) * 0.4
        a = alphas()[at][:, None, None, None]
        noisy = a.sqrt() * (g + s**0.5 * torch.randn_like(g)) + (1 - a).sqrt() * torch.randn_like(g)
        got = mix(at, noisy, g, s, torch.zeros_like(noisy))
        clean = g + s * a.sqrt() / (1 - a + s * a) * (noisy - a.sqrt() * g)
        want = a.sqrt() * (noisy - a.sqrt() * clean) / (1 - a).sqrt() - (1 - a).sqrt() * clean
        self.assertLess(float((want - got).abs().max()), 1e-3)
        self.assertLess(float((mix.given(at, noisy, g, s)[:, -8:].var((1, 2, 3)) - 1).abs().max()), 0.06)

    def test_reckoned_once(self):
        """v is the same whether what the prompt tells was reckoned before or not, in pictures of any shape; and untrained variances are
        within their bounds."""
        torch.manual_seed(5)
        house = House(channels=(16, 16, 16, 16)).eval().requires_grad_(False)
        x, at, e = torch.randn(2, 8, 8, 16), torch.tensor([900, 100]), torch.randn(2, 5, TEXT_WIDTH)
        foreseen, slots = house.foresee(e, 8, 16)
        self.assertEqual(foreseen.shape, (2, len(POSES), 8, 8, 16))
        spreads = house.spreads(foreseen, slots)
        self.assertTrue((spreads.log() >= LOG_VARIANCES[0] - 1e-4).all() and (spreads.log() <= LOG_VARIANCES[1] + 1e-4).all())
        self.assertTrue(torch.equal(house(x, at, e), house.v(x, at, e, foreseen, spreads)))

    def test_a_sharpener_begins_with_what_it_sees(self):
        sprite, net = torch.rand(1, 4, COARSE, COARSE), Sharpener()
        net.even.gate.bias.data.fill_(-40)
        got = net(sprite, torch.randn(1, 2 * TEXT_WIDTH))
        self.assertEqual(got.shape, (1, 4, SHARP, SHARP))
        self.assertLess(float((torch.nn.functional.avg_pool2d(got, SHARP // COARSE) - sprite).abs().mean()), 0.15)  # bilinear, and no more

    def test_mottled_surfaces_become_even(self):
        """Two mottled surfaces become two even ones of their mean colours, their alpha stays; where nothing is drawn, nothing will be."""
        torch.manual_seed(0)
        drawn = torch.zeros(2, 4, SHARP, SHARP)
        drawn[0, :, 30:150, 30:90] = torch.tensor([0.9, 0.2, 0.2, 1])[:, None, None]
        drawn[0, :, 30:150, 90:150] = torch.tensor([0.2, 0.4, 0.9, 1])[:, None, None]
        mottled = drawn.clone()
        mottled[0, :3, 30:150, 30:150] += 0.05 * torch.randn(3, 120, 120)
        net = Even(8)
        net.gate.bias.data.fill_(40)
        got = net(mottled, torch.zeros(2, 8, COARSE, COARSE), torch.randn(2, 2 * TEXT_WIDTH)).detach()
        self.assertTrue(torch.equal(got[:, 3], drawn[:, 3]))
        self.assertEqual(float(got[1].abs().max()), 0)
        off = (got - drawn)[0, :3, 30:150, 30:150]
        self.assertLess(float(off.std()), 0.01)
        self.assertLess(float(off.mean().abs()), 0.01)

    def test_haze_settles(self):
        """All but nothing is nothing, all but full is full, half stays half, and colours stay within their alpha."""
        sprite = torch.tensor([[0.02, 0.5, 0.5, 0.02], [0.4, 0.5, -0.1, 0.5], [0.9, 1.2, 0.5, 0.98]]).T.reshape(1, 4, 1, 3)
        want = torch.tensor([[0, 0, 0, 0], [0.4, 0.5, 0, 0.5], [0.9, 1, 0.5, 1]]).T.reshape(1, 4, 1, 3)
        self.assertLess(float((settled(sprite) - want).abs().max()), 1e-6)

    def test_an_untrained_grade_leaves_colours_as_they_are(self):
        sprite = torch.rand(2, 4, COARSE, COARSE)
        sprite[:, :3] *= sprite[:, 3:]
        self.assertTrue(torch.equal(Grade()(sprite), sprite))

    def test_a_grade_learns_a_curve_of_colours(self):
        """A low-rank change of its layers makes dark and light places swap within a hundred steps, in colours that it was not shown."""
        torch.manual_seed(6)
        grade = Grade().requires_grad_(False)
        own = {name: w for name, w in grade.named_parameters() if name.endswith("weight")}
        branches = {name: Branch(w.shape, 8, 8) for name, w in own.items()}
        optimiser = torch.optim.AdamW([p for b in branches.values() for p in b.parameters()], lr=3e-3)

        def off():
            sprite = torch.cat([torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32)], 1)
            changed = {name: w + torch.einsum("or,rihw->oihw", branches[name].up[:, :, 0, 0], branches[name].down) for name, w in own.items()}
            return (torch.func.functional_call(grade, changed, sprite)[:, :3] - (1 - sprite[:, :3])).pow(2).mean()

        before = float(off().detach())
        for _ in range(100):
            optimiser.zero_grad()
            off().backward()
            optimiser.step()
        self.assertLess(float(off().detach()), before / 20)

    def test_laid_over_the_ground(self):
        """The upper drawing hides the lower one; the ground goes from its upper to its lower colour."""
        full, ground = torch.ones(1, 4, COARSE, COARSE), torch.tensor([[0.0, 0, 0, 1, 1, 1]])
        half, stand = torch.cat([full[:, :3] * 0.5, full[:, 3:]], 1), torch.tensor([[0.5, 0.5, 0.5]])
        got = (lay_out([(full, stand), (half, stand)], ground, 64, 64)[0, 0] + 1) / 2
        self.assertAlmostEqual(float(got[0, 32, 32]), 0.5, places=4)
        self.assertAlmostEqual(float(got[0, 0, 0]), 0.5 / 64, places=4)
        self.assertAlmostEqual(float(got[0, 63, 0]), 63.5 / 64, places=4)

    def test_poses_are_as_scenes_have_them(self):
        """The prior's layout of a drawing in each pose is where scenes paste it."""
        stand = torch.tensor([[0.45, 0.55, 0.6]])
        rgba = np.zeros((COARSE, COARSE, 4), np.uint8)
        rgba[8:56, 8:24] = rgba[40:56, 8:56] = (255, 255, 255, 255)
        rows, columns, back = hats(stand, 128, 128, COARSE)
        sprite = eyes.premultiplied(torch.from_numpy(rgba)[None])
        for mirrored, angle, _ in POSES:
            got = turn(rows @ sprite @ (back if mirrored else columns), stand, angle)[0, 0]
            picture = np.zeros((128, 128, 3), np.float32)
            paste(picture, np.ascontiguousarray(rgba[:, ::-1]) if mirrored else rgba, 0.6, 0.45, 0.55, angle)
            want = torch.from_numpy(picture[..., 0] / 255)
            self.assertLess(float((got - want).abs().mean()), 0.02, (mirrored, angle))
            self.assertGreater(float((got.flip(-1) - want).abs().mean()), 0.05)


class Components(unittest.TestCase):
    def test_a_prior_that_came_along_keeps_its_own(self):
        x = torch.rand(COMPONENTS + 40, 4 * COARSE * COARSE)
        mean, basis = sprites.components(x, None)
        again = sprites.components(torch.rand_like(x), {"mean": mean, "basis": -basis})
        self.assertTrue(torch.equal(again[1], -basis) and torch.equal(again[0], mean))
        self.assertLess(float((basis @ basis.T - torch.eye(COMPONENTS)).abs().max()), 1e-3)


class Files(unittest.TestCase):
    def test_the_card_takes_the_measures(self):
        """Values, and the time in both languages; a card without a place for one is refused."""
        text = (released.HOUSE / "card.yaml").read_text()
        measured = {key: 0.123 for key, _ in card.MEASURES.values()} | {"unseen_top5": 0.456}
        got = card.filled(text, {"prior": {"cores": 7200}, "clip": {"cores": 1800}}, measured)
        self.assertEqual(got.count("value: '12.3 %'"), 12)
        for said in ("value: '0.1 ΔE2000'", "value: '0.123'", "en: 'top-5 45.6 %;", "'Top 5 45,6 %;", "2.5 hours of", "(9000 s: prior 7200, house CLIP 1800)", "2,5 Stunden", "(9000 s: Prior 7200, House CLIP 1800)"):
            self.assertIn(said, got)
        self.assertEqual(card.filled(got, {"prior": {"cores": 7200}, "clip": {"cores": 1800}}, measured), got)
        with self.assertRaisesRegex(ValueError, "0 places"):
            card.filled(text.replace("'near copies'", "'copies'"), {}, measured)

    def test_packed_graph(self):
        """Packed weights give nearly the same results; those for LoRA stay float16 under their own name."""
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Conv2d(8, 64, 3, padding=1), torch.nn.SiLU(), torch.nn.Conv2d(64, 64, 1), torch.nn.SiLU(), torch.nn.Conv2d(64, 8, 3, padding=1))
        with tempfile.TemporaryDirectory() as folder:
            inputs = {"sample": torch.randn(1, 8, 6, 6)}
            off = export.write_graph(Path(folder), "net", net, inputs, ["out"], {"sample": {2: "h", 3: "w"}})
            self.assertLess(off, 1e-5)
            path = Path(folder) / "net/model.onnx"
            got, want = export.run(path, inputs), net(inputs["sample"]).detach().numpy()
            self.assertLess(np.abs(got - want).max() / np.abs(want).max(), 0.02)
            stored = {i.name: i for i in onnx.load(str(path)).graph.initializer}
            self.assertIn("0.weight_q", stored)
            self.assertEqual(numpy_helper.to_array(stored["0.weight_q"]).dtype, np.int8)

    def test_image_encoder(self):
        """House CLIP's graph takes any number of pictures and gives unit vectors."""
        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            self.assertLess(export_eyes.export_clip(Path(folder), eyes.ImageEncoder()), 1e-4)
            got = export.run(Path(folder) / "image_encoder/model.onnx", {"pixel_values": torch.rand(3, 3, eyes.SIDE, eyes.SIDE)})
            self.assertEqual(got.shape, (3, TEXT_WIDTH))
            self.assertLess(np.abs(np.linalg.norm(got, axis=1) - 1).max(), 1e-5)

    def test_half(self):
        a = np.random.default_rng(0).standard_normal((64, 96)).astype(np.float32)
        node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph([node], "g", [value("x", 1, [1, 64])], [value("y", 1, [1, 96])], [numpy_helper.from_array(a, "w")])
        model = onnx.helper.make_model(graph)
        pack.pack(model, {"w"})
        self.assertEqual([n.op_type for n in model.graph.node], ["Cast", "MatMul"])

    def test_a_graph_gives_its_weights_back(self):
        """What was packed comes back under its own names: turned matrices, numbers that the exporter reckoned away, and all the rest."""

        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.last = torch.nn.Linear(80, 96), torch.nn.Conv2d(1, 64, (96, 1))
                self.register_buffer("basis", torch.randn(64, 100))
                self.register_buffer("left", torch.rand(8))
                self.heat = torch.nn.Parameter(torch.tensor(2.5))

            def forward(self, x):
                return self.last(self.first(x)[:, None, :, None])[:, :, 0, 0] @ self.basis + (1 - self.left).sqrt().sum()

        torch.manual_seed(0)
        net = Net()
        with tempfile.TemporaryDirectory() as folder:
            export.write_graph(Path(folder), "net", net, {"x": torch.randn(2, 80)}, ["out"], {"x": {0: "b"}})
            back = released.weights(Path(folder) / "net")
        self.assertEqual(set(back), set(net.state_dict()))
        for name, t in net.state_dict().items():
            self.assertEqual(back[name].shape, t.shape, name)
            self.assertLess(float((back[name] - t).abs().max() / t.abs().max()), 0.005, name)

    def test_halves_say_what_the_whole_says(self):
        path = released.HOUSE / "unet" / "model.onnx"
        torch.manual_seed(0)
        feed = {"sample": torch.randn(2, 8, 8, 8), "timestep": torch.tensor([500]), "encoder_hidden_states": torch.randn(2, 32, TEXT_WIDTH)}
        want = export.run(path, feed)
        first, rest = (draw.open_network(half) for half in draw.halves(path))
        given = {name: t.numpy() for name, t in feed.items()}
        known = dict(zip([o.name for o in first.get_outputs()], first.run(None, {i.name: given[i.name] for i in first.get_inputs()}), strict=True))
        got = rest.run(None, {i.name: (given | known)[i.name] for i in rest.get_inputs()})[0]
        self.assertLess(np.abs(got - want).max() / np.abs(want).max(), 1e-4)

    def test_nothing_is_brought_by_a_graph_that_tells_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIsNone(released.weights(Path(folder)))


class Critics(unittest.TestCase):
    def test_a_critic_leads_to_what_is_drawn(self):
        """Shown mottled drawings and even ones, it points from the one to the other, by as much as it has grown to."""
        torch.manual_seed(0)
        rng, lesson = random.Random(0), critic.Lesson()
        before = torch.rand(4, 4, 1, 1)

        def even():
            return torch.rand(4, 4, 1, 1).expand(4, 4, 112, 112)

        for _ in range(40):
            _, loss = lesson.teach(even() + 0.2 * torch.randn(4, 4, 112, 112), even(), torch.tensor([0, 1, 2, 3]), rng)
        self.assertLess(loss, 1)
        mottled = before + 0.2 * torch.randn(4, 4, 112, 112)
        gradient, _ = lesson.teach(mottled, even(), torch.tensor([0, 1, 2, 3]), rng)
        self.assertLess(float((gradient * (before - mottled)).sum()), 0)
        self.assertAlmostEqual(float(gradient.norm()), critic.SHARE * 41 / critic.WARM, places=4)
        again = critic.Lesson()
        again.load(lesson.state())
        self.assertEqual(again.steps, 41)


class Burning(unittest.TestCase):
    def test_killed_and_resumed(self):
        """Training that was broken off goes on to the same weights, bit for bit."""

        class Pool:
            def __init__(self, *_):
                pass

            def batch(self, n, rng, step):
                g = torch.Generator().manual_seed(rng.randrange(1 << 30))
                states = [torch.randn(3, TEXT_WIDTH, generator=g).numpy() for _ in range(4)]
                return states, torch.randn(4, 2, COMPONENTS, generator=g), torch.rand(4, 2, 3), torch.rand(4, 6), torch.tensor([True, True, False, True])

        world = mock.Mock()
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(phase_prior, "TextPool", Pool), \
                mock.patch.object(phase_prior, "Prior", lambda: Prior(blocks=1, width=16)), mock.patch.object(released, "brought", lambda phase: None):
            fire = burn.Fire(Path(folder))
            fire.say = lambda line: None
            fire.start("prior")
            phase = phase_prior.PriorPhase(fire, world)
            for _ in range(2):
                phase.step(0)
            fire.keep("prior", phase.state())
            phase.step(0)
            again = phase_prior.PriorPhase(burn.Fire(Path(folder)), world)
            again.step(0)
            for a, b in zip(phase.net.parameters(), again.net.parameters(), strict=True):
                self.assertTrue(torch.equal(a, b))

    def test_goes_on_elsewhere(self):
        """A furnace with no checkpoint begins with the weights and the clock that came with the checkout."""
        small = Prior(blocks=1, width=16)
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(phase_prior, "TextPool", mock.Mock()), \
                mock.patch.object(phase_prior, "Prior", lambda: Prior(blocks=1, width=16)), mock.patch.object(released, "KEPT", Path(folder) / "kept"), \
                mock.patch.object(released, "brought", lambda phase: {"prior": small.state_dict()}[phase]):
            released.KEPT.mkdir()
            (released.KEPT / "state.json").write_text('{"prior": {"wall": 9.0, "cores": 7.0, "samples": 5, "steps": 3}}')
            (released.KEPT / "train.log").write_text("so far\n")
            fire = burn.Fire(Path(folder))
            self.assertEqual(fire.spent["prior"]["cores"], 7)
            phase = phase_prior.PriorPhase(fire, mock.Mock())
            for net in (phase.net, phase.average.module):
                self.assertLess(float((net.draw[0].weight - small.draw[0].weight).abs().max()), 1e-3)

    def test_clock_and_stop(self):
        with tempfile.TemporaryDirectory() as folder:
            fire = burn.Fire(Path(folder))
            fire.say = lambda line: None
            fire.start("x")
            fire.tick(16, {"v": 1.0})
            fire._stop()
            self.assertTrue(fire.tick(16, {"v": 2.0}))
            with self.assertRaises(burn.Stopped):
                fire.keep("x", {})
            spent = burn.Fire(Path(folder)).spent["x"]
            self.assertEqual((spent["samples"], spent["steps"]), (32, 2))

    def test_curves(self):
        """Figures by phase, over its own hours; what a broken-off run said of the same second is replaced."""
        log = "\n".join([
            "2026-01-01T00:00:00Z prior until 9 s of two cores", "2026-01-01T00:01:00Z prior cores 1800 s wall 60 s samples 9 steps 3 draw 0.5 stand 0.2",
            "2026-01-01T00:02:00Z prior cores 3600 s wall 60 s samples 9 steps 3 draw 0.4 stand 0.1", "2026-01-01T00:02:00Z stopped",
            "2026-01-01T00:03:00Z prior cores 3600 s wall 60 s samples 9 steps 3 draw 0.3 stand 0.1",
            "2026-01-01T00:03:00Z unet cores 60 s wall 60 s samples 9 steps 3 v 0.9",
        ])
        found = curve.curves(log)
        self.assertEqual(found["prior"]["draw"], [(0.5, 0.5), (1.0, 0.3)])
        self.assertEqual(found["unet"]["v"], [(60 / 3600, 0.9)])
        self.assertEqual(curve.plot(log).size, (2 * curve.WIDTH, curve.HEIGHT))
        with self.assertRaises(ValueError):
            curve.plot("")

    def test_pause(self):
        with tempfile.TemporaryDirectory() as folder:
            fire, lines = burn.Fire(Path(folder)), []
            fire.say = lines.append
            fire.start("x")
            (Path(folder) / "PAUSE").touch()
            self.assertTrue(fire.tick(1, {}))
            with mock.patch("time.sleep", lambda s: (Path(folder) / "PAUSE").unlink()):
                fire.keep("x", {})
            self.assertEqual(lines, ["paused", "goes on"])


class Eyes(unittest.TestCase):
    def test_backbone(self):
        """Features as efficientnet-lite-pytorch 0.1.0 reckons them from the same weights, for a picture that everybody can draw."""
        y = torch.linspace(-1, 1, 128)
        x = torch.stack([y[:, None] * y[None].sign(), (7 * y[:, None]).sin() + 0 * y[None], (9 * y[:, None]).cos() * (5 * y[None]).sin()])[None]
        with torch.no_grad():
            got, quarters = backbone.Backbone()(x)
            textures = backbone.Surface()(x)
        self.assertEqual((quarters.shape, textures.shape), ((1, 4 * backbone.DEEP), (1, backbone.TEXTURES, 16, 16)))
        self.assertAlmostEqual(float(got.mean()), 0.177338, places=4)
        for channel, want in {71: 5.9374, 900: 5.0264, 403: 4.5766, 462: 4.1371, 512: 3.7447, 1169: 3.6363}.items():
            self.assertAlmostEqual(float(got[0, channel]), want, places=3)

    def test_places_see_little(self):
        """What tells a style at a place doesn't know of what is drawn farther off than half of the picture; and a style is told from windows, too."""
        torch.manual_seed(0)
        x = torch.rand(1, 3, 128, 128) * 2 - 1
        changed = x.clone()
        changed[:, :, 68:, 68:] = 0
        surface = backbone.Surface().eval()
        with torch.no_grad():
            off = (surface(x) - surface(changed)).abs().amax(1)[0]
            styles = eyes.StyleClassifier().eval()(x[..., :96, :96])
        self.assertEqual(float(off[:4, :4].max()), 0)
        self.assertGreater(float(off[8:, 8:].min()), 0)
        self.assertEqual(styles.shape, (1, len(STYLE_NAMES)))

    def test_views(self):
        """Views show what they are called: centred pictures have their drawing's colour in the middle."""
        icons = FewIcons(COARSE)
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(eyes, "furnace", lambda: Path(folder)):
            views = eyes.Views(icons, np.full((8, 3), np.nan, np.float32))
        views._theta = lambda rng, plain: [[1 / 0.8, 0, 0], [0, 1 / 0.8, 0]]
        x, subject, style = views.batch([0, 3], random.Random(0), hard=False)
        middle = x[:, :, eyes.SIDE // 2, eyes.SIDE // 2]
        self.assertLess(float((middle - (torch.tensor([[220.0, 60, 50], [130, 130, 130]]) / 127.5 - 1)).abs().max()), 0.02)
        self.assertEqual((subject.tolist(), style.tolist()), ([1, 0], [0, 1]))

    def test_redrawn(self):
        """A drawing that others drew is still one: no colour beyond its alpha, nothing where nothing was; and no two are the same."""
        torch.manual_seed(0)
        rgba = torch.zeros(6, COARSE, COARSE, 4, dtype=torch.uint8)
        rgba[:, 16:48, 16:48] = torch.tensor([220, 60, 50, 255], dtype=torch.uint8)
        x = eyes.redraw(eyes.premultiplied(rgba))
        self.assertTrue((x[:, :3] <= x[:, 3:] + 1e-6).all() and (x >= 0).all())
        self.assertEqual(float(x[:, :, :15].abs().max()), 0)
        self.assertTrue(torch.equal(x[:, 3], eyes.premultiplied(rgba)[:, 3]))
        self.assertGreater(float((x[0] - x[1:]).abs().amax((1, 2, 3)).min()), 0.01)

    def test_worn(self):
        """A worn picture is still that picture; no two wear the same; contours wear more than what is even."""
        torch.manual_seed(0)
        x = torch.full((16, 3, 64, 64), -0.5)
        x[:, :, 16:48, 16:48] = 0.6
        off = (eyes.worn(x) - x).abs()
        self.assertLess(float(off.mean()), 0.08)
        self.assertGreater(float(off.mean((1, 2, 3)).std()), 0.005)
        self.assertGreater(float(off[:, :, 14:18, 16:48].mean()), 1.5 * float(off[:, :, 26:38, 26:38].mean()))

    def test_examination_is_apart(self):
        """Held drawings are one style of a subject whose other styles are learnt."""
        held = eyes.held_pairs(FewIcons())
        self.assertEqual(len(held), 1)
        for i in range(9):
            shown, learnt = eyes.held_paints(i, shown=True), eyes.held_paints(i, shown=False)
            self.assertEqual(sorted(shown + learnt), sorted(PAINTS))
            self.assertEqual(len(shown), 3)


class Measures(unittest.TestCase):
    def test_colour_differences(self):
        """Pairs 1, 5, 10, 17 and 24 of Sharma, Wu and Dalal's table."""
        pairs = [
            ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, -1.1848, -84.8006), (50, 0, -82.7485), 1.0000),
            ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195), ((50, 2.5, 0), (73, 25, -18), 27.1492),
            ((50, 2.5, 0), (50, 3.2592, 0.335), 1.0),
        ]
        for one, two, want in pairs:
            self.assertAlmostEqual(float(colour.delta_e(np.array(one), np.array(two))), want, places=3)

    def test_distances(self):
        a = np.random.default_rng(0).standard_normal((400, 6))
        b = np.random.default_rng(1).standard_normal((400, 6))
        self.assertLess(measure.frechet(a, a), 1e-6)
        self.assertGreater(measure.frechet(a, a + 1), 5.9)
        self.assertLess(abs(measure.mmd(a, b)), 5)
        self.assertGreater(measure.mmd(a, b + 1), 50)

    def test_near_copies(self):
        """A drawing pasted on a ground is a near copy; noise isn't."""
        small = np.zeros((3, COARSE, COARSE, 4), np.uint8)
        small[1, 10:50, 5:60] = (200, 30, 40, 255)
        room, ground = round(COARSE * 0.78), np.array([10, 200, 90])
        layer = torch.nn.functional.interpolate(torch.from_numpy(small[1:2]).permute(0, 3, 1, 2).float() / 255, size=(room, room), mode="area")
        rest = COARSE - room
        layer = torch.nn.functional.pad(layer, (rest // 2, rest - rest // 2) * 2)
        x = layer[:, :3] + torch.from_numpy(ground / 255).float()[None, :, None, None] * (1 - layer[:, 3:])
        noise = torch.rand(1, 3, COARSE, COARSE)
        found = measure.near_copies(torch.cat([x.flip(-1), noise]) * 2 - 1, np.stack([ground, ground]), small)
        self.assertLess(found[0], 0.03)
        self.assertGreater(found[1], 0.2)

    def test_abilities(self):
        """A painter that does as it is told is right in everything; one that ignores the prompt in nothing."""
        disc = np.hypot(*(np.mgrid[:50, :50] - 24.5)) < 25

        def good(prompts, seeds):
            found = []
            for prompt, seed in zip(prompts, seeds, strict=True):
                picture = np.full((160, 160, 3), (250, 240, 220), np.uint8)
                paint = next((p for p in PAINTS if f" {p} ball" in prompt), "red")
                spots = [xy for place, xy in PLACES.items() if place in prompt and "and" not in prompt] or [(0.5, 0.5)]
                for x, y in [(0.27, 0.5), (0.73, 0.5)] if " and " in prompt else spots:
                    y0, x0 = round(y * 160 - 25), round(x * 160 - 25)
                    picture[y0 : y0 + 50, x0 : x0 + 50][disc] = PAINTS[paint]
                picture[70:90, 70:90] ^= np.uint8(seed % 2)
                found.append(picture)
            return np.stack(found)

        def asked(prompts, seeds):
            return np.full((len(prompts), 64, 64, 3), 200, np.uint8)

        def scene(subject, style, ground, paint):
            return good([f"a {paint} {subject}"], [0])[0] if style != "3d" else None

        right = abilities.measure(good, lambda x: ["ball", "ball"], scene, ["ball"], 12, random.Random(0))
        wrong = abilities.measure(asked, lambda x: ["ball", "cup"], lambda *of: asked("a", [0])[0], ["ball"], 12, random.Random(0))
        self.assertEqual((right["painted_right"], right["painted_drawings"], right["placed_right"], right["two_right"]), (1, 1, 1, 1))
        self.assertEqual(wrong["painted_drawings"], 0)
        self.assertEqual((wrong["painted_right"], wrong["two_right"], wrong["seeds_differ"]), (0, 0, 0))
        self.assertLess(wrong["placed_right"], 0.5)

    def test_styles_of_coded_drawings(self):
        """A style is told where the VAE leaves it; drawings that there aren't don't count."""
        marks = {name: np.full((256, 256, 3), 40 * (k + 1), np.uint8) for k, name in enumerate(STYLE_NAMES)}
        asked = [{"subject": "bear", "style": name, "ground": "white"} for name in STYLE_NAMES]

        def stylist(x):
            grey = ((x.mean((1, 2, 3)) + 1) * 127.5 / 40).round().long() - 1
            return torch.nn.functional.one_hot(grey.clamp(0, 3), 4).float()

        def scene(subject, style, ground):
            return marks[style] if style != "cartoon" else None

        self.assertEqual(measure.coded_style(lambda x: x, asked, scene, stylist), 1)
        self.assertAlmostEqual(measure.coded_style(lambda x: x * 0 + 40, asked, scene, stylist), 1 / 3)

    def test_questions(self):
        asked = measure.questions(["bear", "apple"], 9, random.Random(0))
        self.assertEqual(len({q["seed"] for q in asked}), 9)
        for q in asked:
            self.assertIn(q["subject"], q["prompt"])
            self.assertIn(f"{q['ground']} background", q["prompt"])
            self.assertIn(q["ground"], COLOURS)


if __name__ == "__main__":
    unittest.main()
