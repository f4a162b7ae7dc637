"""Two words for whoever has not chosen a name yet."""

from typing import Final

MANNERS: Final = (
    "Amber", "Ample", "Azure", "Bold", "Brave", "Breezy", "Bright", "Brisk", "Calm", "Candid", "Cheerful", "Clever",
    "Coral", "Cosy", "Crisp", "Curious", "Daring", "Dapper", "Dreamy", "Eager", "Early", "Easy", "Fabled", "Fair",
    "Fleet", "Fond", "Frosty", "Gentle", "Glad", "Golden", "Grand", "Happy", "Hazel", "Honest", "Humble", "Indigo",
    "Ivory", "Jade", "Jolly", "Jovial", "Keen", "Kind", "Late", "Lively", "Loyal", "Lucky", "Lunar", "Magic",
    "Mellow", "Merry", "Mighty", "Misty", "Modest", "Neat", "Nimble", "Noble", "Olive", "Opal", "Patient", "Plucky",
    "Polite", "Proud", "Quick", "Quiet", "Rapid", "Rosy", "Royal", "Ruby", "Rustic", "Scarlet", "Serene", "Sharp",
    "Shy", "Silver", "Sincere", "Sleek", "Smooth", "Snappy", "Solar", "Spry", "Steady", "Stellar", "Sunny", "Swift",
    "Tender", "Tidy", "Upbeat", "Velvet", "Vivid", "Warm", "Wild", "Wise", "Witty", "Young", "Zany", "Zesty",
)  # fmt: skip
FIGURES: Final = (
    "Alpaca", "Badger", "Beaver", "Bison", "Bonobo", "Camel", "Caribou", "Cat", "Cheetah", "Chough", "Cobra", "Condor",
    "Coyote", "Crane", "Cricket", "Curlew", "Dingo", "Dolphin", "Dove", "Dragon", "Eagle", "Egret", "Elk", "Ermine",
    "Falcon", "Ferret", "Finch", "Firefly", "Fox", "Gannet", "Gazelle", "Gecko", "Gibbon", "Giraffe", "Hare", "Hawk",
    "Hedgehog", "Heron", "Hoopoe", "Ibex", "Ibis", "Iguana", "Impala", "Jackdaw", "Jaguar", "Kestrel", "Kiwi", "Koala",
    "Lemur", "Leopard", "Linnet", "Lion", "Llama", "Lynx", "Magpie", "Manatee", "Marmot", "Marten", "Merlin", "Moose",
    "Narwhal", "Newt", "Ocelot", "Octopus", "Oriole", "Osprey", "Otter", "Owl", "Panda", "Panther", "Parrot", "Pelican",
    "Penguin", "Petrel", "Phoenix", "Plover", "Puffin", "Puma", "Quail", "Rabbit", "Raven", "Robin", "Seal", "Sparrow",
    "Squirrel", "Stork", "Swallow", "Swan", "Tapir", "Tiger", "Toucan", "Turtle", "Walrus", "Weasel", "Wolf", "Wombat",
)  # fmt: skip
