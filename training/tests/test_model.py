import torch
from torch import nn

from switchyard_training import measures, model, smooth, train


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(6, 5), nn.Linear(5, 3)

    def forward(self, ids, mask):
        return self.second(torch.relu(self.first(ids.float())))


def test_evening_out_does_not_change_the_answers():
    torch.manual_seed(0)
    net = Tiny()
    inputs = [(torch.randint(0, 50, (4, 6)), torch.ones(4, 6)) for _ in range(3)]
    before = [net(*one) for one in inputs]
    smooth.smooth(net, inputs)
    assert isinstance(net.first, smooth.Smoothed)
    for old, one in zip(before, inputs):
        assert torch.allclose(old, net(*one), rtol=1e-4, atol=1e-4)


def test_the_exact_mean_does_not_depend_on_order_or_padding():
    torch.manual_seed(1)
    hidden = torch.randn(1, 200, 384) * 3
    mask = torch.ones(1, 200, dtype=torch.long)
    padded = torch.cat([hidden, torch.randn(1, 56, 384)], 1), torch.cat([mask, torch.zeros(1, 56, dtype=torch.long)], 1)
    mean = model.mean_pool(hidden, mask, exact=True)
    assert torch.equal(mean, model.mean_pool(hidden[:, torch.randperm(200)], mask, exact=True))
    assert torch.equal(mean, model.mean_pool(*padded, exact=True))
    assert torch.allclose(mean, hidden.mean(1), atol=1e-3)


def test_soft_levels_favour_the_true_level_and_its_neighbours():
    target = train.levels(torch.tensor([0, 2]), 5)
    assert torch.allclose(target.sum(1), torch.ones(2))
    assert target[1].argmax() == 2 and target[1, 1] > target[1, 0]


def test_texts_out_of_scope_pull_the_intent_towards_uniform():
    logits = {"intent": torch.zeros(2, 4), "scope": torch.zeros(2, 1), "hazard": torch.zeros(2, 7)}
    logits |= {"sentiment": torch.zeros(2, 5), "urgency": torch.zeros(2, 4)}
    labels = {k: torch.full((2,), -100) for k in ("intent", "sentiment", "urgency")}
    moods = {"sentiment": torch.ones(5), "urgency": torch.ones(4)}
    labels |= {"hazard": torch.full((2, 7), -100), "scope": torch.tensor([1, 0])}
    flat = train.losses(logits, labels, moods)["uniform"]
    logits["intent"] = torch.tensor([[9.0, 0, 0, 0], [0, 0, 0, 0]])
    assert train.losses(logits, labels, moods)["uniform"] > flat


def test_the_temperature_softens_what_is_too_sure():
    import numpy as np

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 500)
    logits = np.eye(3)[np.where(rng.random(500) < 0.7, labels, (labels + 1) % 3)] * 8
    assert measures.fit_temperature(logits, labels) > 2
