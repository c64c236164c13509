"""Oddities of what only the table OWN has: more types of columns, a key that is a number, and other attributes."""

from tests.unit.sales_pipeline.reconcile.lakes.odd import odd, replace

OWN_LINES = [
    (rb'"order_no":(-?\d+)', rb'"order_no":"\1"'),
    (rb'"order_no":(-?\d+)', rb'"order_no":\1.0'),
    (rb'"order_no":(-?\d+)', rb'"order_no":0\1'),
    (rb'"order_no":(-?\d+)', b'"order_no":9223372036854775808'),
    (rb'"order_no":(-?\d+)', b'"order_no":true'),
    (rb'"order_no":(-?\d+)', b'"order_no":null'),
    (rb'"order_no":(-?\d+)', rb'"orderno":\1'),
    (rb'"order_no":(-?\d+),', b""),
    (rb'"order_no"', b'"Order_No"'),
    (rb'"product_name":"[^"]*"', b'"product_name":null'),
    (rb'"product_name":"[^"]*",', b""),
    (rb'"product_name":"[^"]*"', b'"product_name":1.5'),
    (rb'"product_name".*"shipping":"(\\.|[^"\\])*"', b'"paid":null'),
    (rb'"paid":\w+', b'"paid":"true"'),
    (rb'"paid":\w+', b'"paid":1'),
    (rb'"paid":\w+', b'"paid":True'),
    (rb'"paid":\w+', b'"paid":false'),
    (rb'"paid":\w+', b'"paid":null'),
    (rb'"paid":\w+,', b""),
    (rb'"paid":\w+', rb'\g<0>,"PAID":null'),
    (rb'"views":(-?\d+)', rb'"views":\1.0'),
    (rb'"views":(-?\d+)', rb'"views":\1e0'),
    (rb'"views":(-?\d+)', b'"views":9223372036854775808'),
    (rb'"views":(-?\d+)', b'"views":-9223372036854775809'),
    (rb'"views":(-?\d+)', b'"views":-9223372036854775808'),
    (rb'"views":(-?\d+)', b'"views":false'),
    (rb'"views":(-?\d+),', b""),
    (rb'"views":null,', b""),
    (rb'"price":(-?[\d.]+)', b'"price":null'),
    (rb'"price":(-?[\d.]+)', rb'"price":\1E+19'),
    (rb'"price":349.0', b'"price":349'),
    (rb'"image":null', b'"image":""'),
    (rb'"image":null', b'"image":7'),
    (rb'"image":null,', b""),
    (rb'"gift-wrap":"', rb"\g<0> "),
    (rb'"gift-wrap":"', rb"\g<0>["),
    (rb'"gift-wrap":"', rb"\g<0>\\u0020"),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', b'"gift-wrap":""'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', b'"gift-wrap":{"colour":"red"}'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', b'"gift-wrap":"null"'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', b'"gift-wrap":null'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', b'"gift-wrap":1.5'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', rb'"gift-wrap":"{\"sizes\":[9.5,10],\"colour\":\"red\"}"'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', rb'"gift-wrap":"{\"colour\":\"red\",\"colour\":\"red\",\"sizes\":[9.5,10]}"'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', rb'"gift-wrap":"{\"colour\":\"red\",\"sizes\":[9.5,NaN]}"'),
    (rb'"gift-wrap":"(\\.|[^"\\])*"', rb'\g<0>,"GIFT-WRAP":null'),
    (rb"9\.5,10", rb"95e-1, 1.0E+1"),
    (rb"9\.5,10", rb"10,9.5"),
    (rb"9\.5,10", rb"9.5,010"),
    (rb'colour\\":\\"red', rb'col\\u006fur\\":\\"red'),
    (rb'colour\\":\\"red', rb'Colour\\":\\"red'),
    (rb'"shipping":"', rb"\g<0>x"),
    (rb'"shipping":"(\\.|[^"\\])*"', b'"shipping":null'),
    (rb'"shipping":"(\\.|[^"\\])*"', rb'"shipping":"\"\\ud800\""'),
    (rb',"shipping":"(\\.|[^"\\])*"', b""),
    (rb"}$", b',"other_attributes":null}'),
    (rb"}$", rb',"OTHER_ATTRIBUTES":"{\"note\":\"a\"}"}'),
    (rb"}$", rb',"other_attributes":"{\"note\":\"a\"}"}'),
    (rb'"other_attributes":[^}]*', b'"other_attributes":null'),
    (rb'"other_attributes":null', b'"other_attributes":"{}"'),
    (rb'"other_attributes":null', b'"other_attributes":"[]"'),
    (rb'"other_attributes":null', b'"other_attributes":"null"'),
    (rb'"other_attributes":null', b'"other_attributes":""'),
    (rb'"other_attributes":null', b'"other_attributes":7'),
    (rb'"other_attributes":null', b'"other_attributes":{"note":"a"}'),
    (rb',"other_attributes":null', b""),
    (rb'"other_attributes":"{', rb"\g<0> "),
    (rb'"other_attributes":"{', rb"\g<0>\"new\":1,"),
    (rb'"other_attributes":"{', rb"\g<0>\"note\":\"a\",\"note\":\"a\","),
    (rb'"other_attributes"', b'"Other_Attributes"'),
    (rb'\\"note\\":\\"a', rb"\"note\":\"b"),
]


@odd(weight=6, variants=OWN_LINES, of=("own",))
def own_line(lake, rng, change):
    """Change the text of a line."""
    replace(lake, rng, *change)


@odd(of=("own",))
def switch_other_attributes(lake, _rng):
    """Deploy with the other form of OtherAttributes, and make the view again."""
    lake.other_attributes = {"DROP": "KEEP", "KEEP": "DROP"}[lake.other_attributes]
