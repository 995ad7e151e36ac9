"""Turns one-sentence requests into the mails people send: greeting, story, order numbers, signature, typos, case."""

import random
import re

GREETINGS = [
    "Hi,", "Hello,", "Hi there,", "Good morning,", "Good afternoon,", "Dear team,", "Dear Sir or Madam,", "Hey,", "Hello support,",
    "To whom it may concern,", "Hi Harbor & Pine,", "Hello everyone,", "Dear customer service,", "Hiya,", "Good evening,", "hi folks",
    "Hello Lumen team,", "Hey guys,", "Dear all,", "Hi again,", "Hello, hope you are well.", "Hi! Hope your week is going fine.",
]
# Scenery that names no request of its own and no mood.
STORIES = [
    "I have been a customer of yours for about four years, mostly for kitchen things and the odd lamp.",
    "My sister recommended your shop to me last winter and I have bought a few things since.",
    "We moved house in September and are still living between boxes, so please excuse the short message.",
    "I am writing from my phone on the train, sorry for any spelling mistakes.",
    "The order number is HP-{n} in case you need it.",
    "My customer number should be {n}.",
    "I use the site on an older tablet, if that matters.",
    "I bought a folding chair and two enamel mugs from you in spring.",
    "My husband normally deals with these things but he is away this week.",
    "I work nights, so mail is easier for me than the telephone.",
    "It was meant as a present for my father, who turns seventy next month.",
    "I looked through the help pages first but did not see anything about this.",
    "I am not very good with computers, so simple words please.",
    "We have a small cabin by the lake and most of what is in it came from you.",
    "I am a member of the reading club and have the e-reader with the blue case.",
    "Last time I wrote to you a colleague called Tom helped me.",
    "The invoice address and the name on the account are the same.",
    "I have been reading on your subscription since January.",
    "My daughter set up most of this for me and she is at university now.",
    "There are three of us in the flat and we all use the same account name.",
    "It is about the desk lamp with the brass foot, reference {n}.",
    "I tried the chat yesterday evening but had to leave before it was my turn.",
    "I hope this is the right address for such questions.",
    "I paid with my usual card on the {d}th.",
    "The amount in question is {n} dollars altogether, not that it matters much.",
    "We ordered camping gear for the whole scout group this summer.",
    "Our dog usually greets the courier, so we always know when someone was here.",
    "I run a small bed and breakfast and buy towels and kettles from you.",
    "The weather here has been dreadful, so I have had plenty of time for paperwork.",
    "I am travelling until the {d}th and only read mail in the evening.",
    "I wanted to sort this out before the holidays.",
    "Nothing dramatic, just something I need to get done.",
    "I have the confirmation mail in front of me, number {n}.",
    "The headphones from last year still work well, by the way.",
    "I have attached a screenshot, I hope it comes through.",
    "My neighbour had the same thing a while ago and told me to write to you.",
    "I could not find a form for it, so here it is as a mail.",
    "We are a family of five and go through a lot of batteries.",
    "I switched to you after my old bookshop closed.",
    "You should find everything under my name in your system.",
    "I have all the papers here and can scan any of them.",
    "I heard about your shop in a radio programme on gardening.",
    "A friend who writes for a food magazine told me to try your pans.",
    "My brother passed your address on to me.",
    "It has been years since I last dealt with a shop by letter.",
    "The kettle and the cups came last month and all is well with them.",
    "I keep the receipts of everything, so ask if you need one.",
    "We are four people in one office and share this mail address.",
    "I grow tomatoes, keep bees and read far too late at night.",
    "My hearing is not what it was, so writing suits me better.",
    "It is nearly midnight here, so please do not mind the tone.",
    "I wrote down the reference {n} from the card in the parcel.",
    "I have got your catalogue from spring on the kitchen table.",
    "We restored an old farmhouse and furnished most of it from your pages.",
    "The rain jacket has been with me on every walk since March.",
    "My son says I should have used the app for this.",
    "I am between two meetings, so just briefly.",
    "There is a file with all our mails on my desk.",
    "You may look up my earlier orders, there are quite a few.",
    "My bank, my address and my telephone have not changed.",
    "I share the login with my wife, who sends her regards.",
    "Your newsletter mentioned the new tents, they look good.",
    "The children broke the old lamp years ago, which is how we found you.",
    "I had the flu last week, so this comes a little late.",
    "My mother lived to ninety-three and loved your blankets.",
    "The dog chewed the last box, so I only have half the label.",
    "I teach at a school and order for the staff room now and then.",
    "I follow you online and like the pictures of the workshop.",
    "Our street has been closed for weeks because of road works.",
    "I got married in June and have been busy with papers ever since.",
    "My late uncle was a customer of yours too.",
    "I fought with the form for a while and then gave up.",
    "The candle smells of pine and burns evenly, thank you for that.",
    "I bought it together with a fire bowl and a wooden stool.",
    "The courier is always friendly, give him my best.",
    "My card ends in {n}, if that is of any use.",
    "I work in a hospital and my shifts change all the time.",
    "We have had your rug for ages and the cat sleeps on it.",
    "I am new to the country and still learning the language.",
    "Everything else is fine, this is the only open matter.",
    "My colleague in accounts needs to know as well.",
    "I counted: this is my twelfth year with you.",
    "Our club meets on Thursdays and I am the one who buys the mugs.",
    "I am asking for my grandmother, who does not use e-mail.",
]
# Scenery kept for calibration.
CALIBRATION_STORIES = [
    "My partner and I opened a little guest house on the coast two years ago and we still furnish it bit by bit.",
    "You will find me in your records under the number {n}.",
    "I am typing this during my lunch break, so it will be brief.",
    "The thermos from your outdoor range has been up three mountains with me by now.",
    "I am seventy-four and my grandson normally helps me with the internet.",
    "Perhaps it matters that I am in a different time zone from yours.",
    "There was a note with the reference {n} on the last letter you sent.",
    "I listen to your podcast about books on the way to work.",
    "Our kitchen was rebuilt this autumn and half of it carries your label.",
    "I had hoped to ask in a shop, but as far as I know you only sell online.",
    "Someone at the community centre gave me this address.",
    "It is a long time since I last wrote to a company, so forgive the style.",
    "The lamp, the rug and the kettle all came on the {d}th.",
    "I keep every mail in a folder, so I can send copies of anything.",
    "We are a small office of eleven people with one shared mailbox.",
    "I have two cats, a garden and far too many paperbacks.",
]
# Scenery kept for evaluation: no training or calibration mail contains it.
TEST_STORIES = [
    "The tram was cancelled again, so I have some time to write.",
    "I sing in a choir on Wednesdays and am hard to reach then.",
    "The balcony faces north, and still everything grows.",
    "We got to know your shop through the pottery course in our village.",
    "I have put on my reading glasses for this.",
    "The picnic basket was a great success at the regatta.",
    "My flatmate uses your kettle more than I do.",
    "For the record, this is about purchase {n}.",
    "I started a new job on the {d}th and everything is a bit upside down.",
    "The attic has been turned into a study and smells of fresh paint.",
    "There has been a power cut here all morning.",
    "I play the cello and have a weakness for good lamps.",
    "As a retired postman I know how busy the season is.",
    "The tablet corrects my words as it likes, so read kindly.",
    "Number {n} is printed on the sticker, whatever that means.",
    "We are off to the mountains at the end of the week.",
]
# Lead-ins that hand over to the request.
BRIDGES = [
    "Here is what I need:", "My request is this:", "So, to the point:", "Now my question.", "The reason I am writing:", "Anyway,", "In short:",
    "What I wanted to say is this:", "So here goes:", "Quick one:", "One thing:", "",  "", "", "", "",
]
CLOSINGS = [
    "Thanks", "Thank you in advance.", "Many thanks,", "Kind regards,", "Best wishes,", "Cheers", "Regards", "Thank you for your time.",
    "Looking forward to your answer.", "Please let me know.", "Yours sincerely,", "Thanks a lot!", "Best,", "With kind regards", "Have a nice day",
    "Please reply by e-mail.", "tia", "Thx", "",
]
NAMES = [
    "Maria L.", "J. Okafor", "Peter", "Ingrid Solberg", "Sam", "A. Whitfield", "Dana R.", "Luis", "Mrs Hartley", "K. Yamada", "Priya", "Tobias",
    "Ruth Ellery", "Noor", "Gwen & Paul", "D. Marchetti", "Olu", "Hanna B.", "Chris", "Fatima Z.", "", "", "",
]
FOOTERS = [
    "Sent from my phone", "Sent from my tablet", "Tel. 555-0142", "This message is confidential and meant for the addressee only.",
    "12 Alder Lane", "Please consider the environment before printing this mail.", "Customer since 2019", "mobile 555-0119",
]
SUBJECTS = [
    "Question", "Request", "Help needed", "Order {n}", "My account", "A question for your team", "Hello", "please read", "customer {n}", "Enquiry",
    "Follow up", "Harbor & Pine", "Ticket {n}", "(no subject)", "need some help", "Re: Re: my mail", "Short question", "Support", "re order HP-{n}",
]
NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl", "l": "k", "m": "n",
    "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}


SCENERY = {"train": STORIES, "calibrate": CALIBRATION_STORIES, "test": TEST_STORIES}
# Characters of a mail's scenery and request together that the model reads whole.
ROOM = 1000


def scenery(samples: list, split: str) -> list[str]:
    """The sentences that belong into a split's mails: those above, and the samples that are scenery."""
    return SCENERY[split] + [sample.text for sample in samples if sample.source == "scenery" and sample.split == split]


def fill(text: str, rng: random.Random) -> str:
    return text.replace("{n}", str(rng.randint(1000, 999999))).replace("{d}", str(rng.randint(4, 20)))


def typo(text: str, rng: random.Random, rate: float = 0.02) -> str:
    """Swaps, drops, doubles or mistypes letters; digits stay."""
    letters = list(text)
    for i, letter in enumerate(letters):
        if not letter.isalpha() or rng.random() >= rate:
            continue
        kind = rng.randrange(4)
        if kind == 0 and i + 1 < len(letters) and letters[i + 1].isalpha():
            letters[i], letters[i + 1] = letters[i + 1], letter
        elif kind == 1:
            letters[i] = ""
        elif kind == 2:
            letters[i] = letter * 2
        else:
            letters[i] = rng.choice(NEIGHBOURS.get(letter.lower(), letter))
    return "".join(letters)


def numbers(text: str, rng: random.Random) -> str:
    """Other digits, now and then a placeholder, for every long number in the text."""
    style = rng.random()
    if style < 0.1:
        return re.sub(r"\d{4,}", "{{Order Number}}", text)
    return re.sub(r"\d{4,}", lambda found: "".join(rng.choice("0123456789") for _ in found[0]), text)


def letter_case(text: str, rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.06:
        return text.upper()
    if roll < 0.2:
        return text.lower()
    if roll < 0.5:
        return text[:1].upper() + text[1:]
    return text


def short(text: str, rng: random.Random) -> str:
    """The request alone, lightly varied."""
    text = letter_case(numbers(text, rng), rng)
    if rng.random() < 0.25:
        text = typo(text, rng, rng.uniform(0.01, 0.06))
    if rng.random() < 0.15:
        text = f"{rng.choice(GREETINGS)} {text}"
    if rng.random() < 0.1:
        text = f"{text.rstrip()} {rng.choice(CLOSINGS)}".rstrip()
    return text


def ticket(text: str, rng: random.Random) -> str:
    """A whole mail, left as it is but for numbers, case, a typo now and then, and a subject line."""
    text = numbers(text, rng)
    if rng.random() < 0.08:
        text = text.lower()
    if rng.random() < 0.2:
        text = typo(text, rng, rng.uniform(0.005, 0.03))
    if rng.random() < 0.3:
        text = f"{fill(rng.choice(SUBJECTS), rng)}\n{text}"
    return text


def picked(texts: list[str], count: int, room: int, rng: random.Random) -> list[str]:
    """So many sentences of scenery, fewer where they would not fit."""
    found = []
    for text in rng.sample(texts, min(count, len(texts))):
        room -= len(text)
        if room < 0:
            break
        found.append(fill(text, rng))
    return found


def empty_mail(rng: random.Random, story_texts: list[str] = STORIES) -> str:
    """Greeting, one to twelve sentences of scenery, closing: a mail that asks for nothing."""
    scenery = picked(story_texts, rng.choice([1, 1, 2, 3, 4, 6, 9, 12]), ROOM, rng)
    parts = [rng.choice(GREETINGS) if rng.random() < 0.7 else "", " ".join(scenery), rng.choice(CLOSINGS), rng.choice(NAMES)]
    whole = "\n".join(part for part in parts if part)
    return typo(whole, rng, 0.02) if rng.random() < 0.2 else whole


def gibberish(rng: random.Random) -> str:
    """One to eight words of letters without meaning, or a lone number."""
    if rng.random() < 0.15:
        return str(rng.randint(1, 10**8))
    letters = rng.choice(["asdfghjkl", "qwertyuiop", "abcdefghijklmnopqrstuvwxyz"])
    return " ".join("".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(rng.randint(1, 8)))


def ending(text: str) -> str:
    return text if text.endswith((".", "?", "!", ":")) else text + "."


def mail(text: str, rng: random.Random, stories: int | None = None, story_texts: list[str] = STORIES) -> str:
    """The request somewhere inside a mail: subject, greeting, up to twelve sentences of scenery, closing, name, footer."""
    count = rng.choice([0, 1, 1, 2, 2, 3, 4, 6, 8, 12]) if stories is None else stories
    scenery = picked(story_texts, count, ROOM - len(text), rng)
    before = rng.randint(0, len(scenery))
    request = ending(letter_case(numbers(text, rng), rng))
    body = scenery[:before] + [f"{rng.choice(BRIDGES)} {request}".strip()] + scenery[before:]
    joint = rng.choice([" ", " ", "\n", "\n\n"])
    parts = [rng.choice(GREETINGS) if rng.random() < 0.8 else "", joint.join(body)]
    parts += [rng.choice(CLOSINGS), rng.choice(NAMES)]
    if rng.random() < 0.25:
        parts.append(rng.choice(FOOTERS))
    whole = "\n".join(p for p in parts if p)
    if rng.random() < 0.2:
        whole = typo(whole, rng, rng.uniform(0.005, 0.04))
    if rng.random() < 0.06:
        whole = whole.lower()
    if rng.random() < 0.5:
        whole = f"{fill(rng.choice(SUBJECTS), rng)}\n{whole}"
    return whole
